"""The national ten-digit institution code, 学校(机构)标识码: two digits category, two province, six serial.

各级各类学校(机构)代码编制规则 (教育部, 2010). There is no check digit: a mistyped code shows only by being unknown.
"""

import re
from dataclasses import dataclass

from idp.i18n import N_
from idp.registry.classification import categories, provinces
from idp.registry.errors import CodesExhausted, InvalidInstitutionCode

_TEN_DIGITS = re.compile(r"[0-9]{10}\Z")


@dataclass(frozen=True)
class InstitutionCode:
    """A code in its parts, each of them valid."""

    category: str
    province: str
    serial: str

    def __str__(self) -> str:
        return self.category + self.province + self.serial


def parse(value: str) -> InstitutionCode:
    """The parts of a code. Raises :class:`InvalidInstitutionCode` saying which part is wrong."""
    if not _TEN_DIGITS.match(value):
        raise InvalidInstitutionCode(value=value[:32], reason=N_("it needs ten digits"))
    code = InstitutionCode(value[:2], value[2:4], value[4:])
    category = categories().get(code.category)
    if category is None:
        raise InvalidInstitutionCode(value=value, reason=N_("there is no such category"))
    if code.province not in provinces():
        raise InvalidInstitutionCode(value=value, reason=N_("there is no such province"))
    # Categories 41 and 42: the serial is 0 and the old five-digit code of the institution.
    if category.leading_zero and code.serial[0] != "0":
        raise InvalidInstitutionCode(value=value, reason=N_("in this category the serial begins with 0"))
    return code


def following(category: str, province: str, last_serial: int) -> InstitutionCode:
    """The code after ``last_serial``. Raises :class:`InvalidInstitutionCode` or :class:`CodesExhausted`."""
    first = parse(f"{category}{province}000001")
    if (first.category, first.province) != (category, province):  # 211 and 1 make ten digits too
        raise InvalidInstitutionCode(value=f"{category} {province}"[:32], reason=N_("there is no such category"))
    highest = 99_999 if categories()[category].leading_zero else 999_999
    if last_serial >= highest:
        raise CodesExhausted(category=category, province=province)
    return InstitutionCode(category, province, f"{last_serial + 1:06}")
