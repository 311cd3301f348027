"""What a school says of one of its people, in whichever form it came."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from idp.i18n import N_
from idp.registry import contacts
from idp.registry.affiliations import Role, check_form
from idp.registry.documents import Document
from idp.registry.errors import InvalidField

MAX_CONTACTS = 5
LENGTHS = {"user_name": 128, "name": 100, "external_id": 128, "display_name": 100, "grade": 64, "class_name": 64}
# Our policy: who may reset other people's factors is not decided by a machine of the school.
ROLES = (Role.STUDENT, Role.TEACHER, Role.STAFF, Role.GUARDIAN, Role.ALUMNUS)


@dataclass(frozen=True)
class Entry:
    """One person as a school describes them. ``number`` is the student or staff number there.

    ``emails`` and ``phones`` are given back as they came: ``{"value", "type", "primary"}``. Documents are not given back at all.
    The representation shows the role only.
    """

    user_name: str
    name: str
    role: Role
    active: bool = True
    external_id: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    display_name: str | None = None
    number: str | None = None
    grade: str | None = None
    class_name: str | None = None
    emails: tuple[dict[str, Any], ...] = ()
    phones: tuple[dict[str, Any], ...] = ()
    document: Document | None = None
    state_code: Document | None = None
    english_name: str | None = None
    sex: str | None = None
    birth_date: date | None = field(default=None)

    def __repr__(self) -> str:
        return f"Entry({self.role})"

    @property
    def email(self) -> str | None:
        """The primary address, or the first."""
        return _first(self.emails)

    @property
    def phone(self) -> str | None:
        """The primary telephone number, or the first."""
        return _first(self.phones)

    @property
    def given(self) -> dict[str, Any]:
        """What is sealed: contact details and parts of the name; empty where there is nothing."""
        parts = {
            "emails": list(self.emails),
            "phoneNumbers": list(self.phones),
            "familyName": self.family_name,
            "givenName": self.given_name,
        }
        return {name: value for name, value in parts.items() if value}


def check(entry: Entry) -> None:
    """Lengths, characters, contacts. Raises :class:`InvalidField`, which does not repeat the value."""
    for name, longest in LENGTHS.items():
        value: str | None = getattr(entry, name)
        if value is not None and not (value.strip() and len(value) <= longest and value.isprintable()):
            raise InvalidField(field=name, reason=N_("it is empty, too long, or has a character that cannot be printed"))
    if entry.number is not None:
        check_form(entry.number)
    if entry.role not in ROLES:
        raise InvalidField(field="role", reason=N_("administrators are made by the operator only"))
    for name, values, normal in (("emails", entry.emails, contacts.email), ("phoneNumbers", entry.phones, contacts.phone)):
        if len(values) > MAX_CONTACTS or sum(one.get("primary") is True for one in values) > 1:
            raise InvalidField(field=name, reason=N_("there are at most five, one of them primary"))
        for one in values:
            normal(one["value"])


def _first(values: tuple[dict[str, Any], ...]) -> str | None:
    primary = next((value for value in values if value.get("primary")), None) or next(iter(values), None)
    return primary["value"] if primary else None
