"""The 18-digit numbers of Chinese identity documents: citizen number, residence permit, permanent-resident card."""

from datetime import date

from idp.i18n import N_
from idp.registry.classification import provinces
from idp.registry.errors import InvalidDocument

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
# 港澳台居民居住证: the region codes of Hong Kong, Macao and Taiwan residents.
PERMIT_REGIONS = ("810000", "820000", "830000")


def check_character(first: str) -> str:
    """The 18th character (GB 11643-1999; ISO 7064 MOD 11-2)."""
    return _CHECK[sum(int(c) * w for c, w in zip(first, _WEIGHTS, strict=True)) % 11]


def check_citizen_number(number: str) -> None:
    """GB 11643-1999: region, a birthday that exists, sequence, check character. Raises :class:`InvalidDocument`."""
    _check_form(number)
    if number[:2] not in provinces() or number[:6] in PERMIT_REGIONS:
        raise InvalidDocument(reason=N_("its region does not exist"))
    birth_date(number)


def check_residence_permit(number: str) -> None:
    """港澳台居民居住证: the same form under a region of its own. Raises :class:`InvalidDocument`."""
    _check_form(number)
    if number[:6] not in PERMIT_REGIONS:
        raise InvalidDocument(reason=N_("a residence permit begins with 810000, 820000 or 830000"))
    birth_date(number)


def check_permanent_resident_number(number: str) -> None:
    """外国人永久居留身份证: 18 digits beginning with 9 since 2023, three letters and twelve digits before."""
    if len(number) == 15:
        if not (number[:3].isalpha() and number[:3].isascii() and number[3:].isdigit()):
            raise InvalidDocument(reason=N_("the older form is three letters and twelve digits"))
        return
    _check_form(number)
    if number[0] != "9":
        raise InvalidDocument(reason=N_("a permanent resident's number begins with 9"))
    birth_date(number)


def birth_date(number: str) -> date:
    """The birthday inside an 18-digit number. Raises :class:`InvalidDocument` when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise InvalidDocument(reason=N_("its birthday does not exist")) from None


def _check_form(number: str) -> None:
    if len(number) != 18 or not number[:17].isdigit() or not number.isascii():
        raise InvalidDocument(reason=N_("it needs 17 digits and a check character"))
    if number[17] != check_character(number[:17]):
        raise InvalidDocument(reason=N_("its check character does not fit"))
