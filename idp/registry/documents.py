"""Kinds of identity documents, and the one form in which each number is compared."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from idp.i18n import N_
from idp.registry import citizen_number
from idp.registry.errors import InvalidDocument


class DocumentKind(StrEnum):
    """What the document is. ``STATE_CODE`` is the state's personal code (个人标识码), which contains the citizen number."""

    CITIZEN = "citizen"
    RESIDENCE_PERMIT = "residence_permit"
    PERMANENT_RESIDENT = "permanent_resident"
    PASSPORT = "passport"
    HK_MACAO_PERMIT = "hk_macao_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    STATE_CODE = "state_code"
    OTHER = "other"


@dataclass(frozen=True)
class Document:
    """A kind and a number in its one form. The representation leaves the number out."""

    kind: DocumentKind
    number: str

    def __repr__(self) -> str:
        return f"Document({self.kind})"

    @property
    def birth_date(self) -> date | None:
        """The birthday that the number contains, where it does."""
        carries = self.kind in (DocumentKind.CITIZEN, DocumentKind.RESIDENCE_PERMIT, DocumentKind.PERMANENT_RESIDENT)
        return citizen_number.birth_date(self.number) if carries and len(self.number) == 18 else None


def read(kind: DocumentKind, number: str) -> Document:
    """A document whose number is valid for its kind. Raises :class:`InvalidDocument`, which does not repeat the number."""
    tidy = re.sub(r"[\s-]", "", number).upper()
    if not tidy:
        raise InvalidDocument(reason=N_("it is empty"))
    _CHECKS[kind](tidy)
    return Document(kind, tidy)


def _check_free_form(number: str) -> None:
    # Passports and travel permits have no common check: letters and digits, as printed.
    if not re.fullmatch(r"[A-Z0-9]{5,20}", number):
        raise InvalidDocument(reason=N_("it needs 5 to 20 letters and digits"))


def _check_state_code(number: str) -> None:
    # 学校(机构)人员基础信息代码编制规则 (教育部, 2013): a letter for the kind of basis, then 18 characters.
    if not re.fullmatch(r"[GJL][0-9]{17}[0-9X]", number):
        raise InvalidDocument(reason=N_("it needs G, J or L and 18 characters"))
    if number[0] == "G":
        citizen_number.check_citizen_number(number[1:])


_CHECKS: dict[DocumentKind, Callable[[str], None]] = {
    DocumentKind.CITIZEN: citizen_number.check_citizen_number,
    DocumentKind.RESIDENCE_PERMIT: citizen_number.check_residence_permit,
    DocumentKind.PERMANENT_RESIDENT: citizen_number.check_permanent_resident_number,
    DocumentKind.PASSPORT: _check_free_form,
    DocumentKind.HK_MACAO_PERMIT: _check_free_form,
    DocumentKind.TAIWAN_PERMIT: _check_free_form,
    DocumentKind.STATE_CODE: _check_state_code,
    DocumentKind.OTHER: _check_free_form,
}
