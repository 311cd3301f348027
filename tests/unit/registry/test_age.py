"""Age bands change on the birthday."""

from datetime import date

import pytest

from idp.registry.age import AgeBand, age_on, band
from idp.registry.masking import mask


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        (date(2012, 9, 2), AgeBand.UNDER_14),
        (date(2012, 9, 1), AgeBand.MINOR),
        (date(2008, 9, 2), AgeBand.MINOR),
        (date(2008, 9, 1), AgeBand.ADULT),
        (None, None),
    ],
)
def test_the_band_follows_the_day(birth: date | None, expected: AgeBand | None) -> None:
    assert band(birth, date(2026, 9, 1)) == expected


def test_who_is_born_on_a_leap_day_is_a_year_older_on_the_first_of_march() -> None:
    assert age_on(date(2012, 2, 29), date(2026, 2, 28)) == 13
    assert age_on(date(2012, 2, 29), date(2026, 3, 1)) == 14


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "+8613800001234", "**********1234"),
        ("email", "lin@example.edu.cn", "l***@example.edu.cn"),
        ("birth_date", "2015-04-01", "2015-**-**"),
        ("phone", None, None),
        ("document", "11010519491231002X", "***"),
    ],
)
def test_a_masked_detail_can_be_recognised_and_not_read(kind: str, value: str | None, shown: str | None) -> None:
    assert mask(kind, value) == shown
