"""Ages, and the bands that the law draws: apps learn the band, never the birthday."""

from datetime import date
from enum import StrEnum

CHILD_UNTIL = 14  # PIPL art. 28; 儿童个人信息网络保护规定 art. 2: a child is under 14
ADULT_AGE = 18


class AgeBand(StrEnum):
    """``under_14``: a guardian's consent is needed. ``14_to_17``: a minor. ``adult``."""

    UNDER_14 = "under_14"
    MINOR = "14_to_17"
    ADULT = "adult"


def age_on(birth: date, today: date) -> int:
    """Full years."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def band(birth: date | None, today: date) -> AgeBand | None:
    """The band on ``today``; ``None`` where the birthday is not known."""
    if birth is None:
        return None
    years = age_on(birth, today)
    if years < CHILD_UNTIL:
        return AgeBand.UNDER_14
    return AgeBand.MINOR if years < ADULT_AGE else AgeBand.ADULT
