"""A filter into SQL conditions, and what can be sorted by.

Every value goes in as a bound parameter; every column stands in a table below. What is sealed can be compared with ``eq`` and
``ne`` only, by its blind index, and documents not at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from idp.errors import YimaError
from idp.keys import Vault
from idp.registry import affiliations
from idp.registry.tables import Affiliation
from idp.roster import members
from idp.roster.scim.errors import InvalidFilter, InvalidPath, Sensitive
from idp.roster.scim.filter import Comparison, Filter, Junction, Negation, Value, Within
from idp.roster.scim.schema import GROUPS, SCHOOL, USERS, ResourceType, locate
from idp.roster.tables import RosterGroup, RosterMembership, RosterUser

Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Asking:
    """Whose roster is asked, on which day, and whether the question stands in an address, which logs keep."""

    institution: str
    vault: Vault
    today: date
    in_address: bool


Test = Callable[[Asking, str, Value], Condition]
Column = InstrumentedAttribute[Any] | ColumnElement[Any]


def compile_filter(kind: ResourceType, tree: Filter, asking: Asking, prefix: str = "") -> Condition:
    """The condition. Raises :class:`InvalidFilter`, or :class:`Sensitive` for personal data in an address."""
    if isinstance(tree, Junction):
        parts = [compile_filter(kind, part, asking, prefix) for part in tree.parts]
        return and_(*parts) if tree.op == "and" else or_(*parts)
    if isinstance(tree, Negation):
        return not_(compile_filter(kind, tree.inner, asking, prefix))
    if isinstance(tree, Within):
        return _within(kind, tree, asking, prefix)
    return _comparison(kind, tree, asking, prefix)


def sort_column(kind: ResourceType, path: str) -> Column:
    """What ``sortBy`` names. Raises :class:`InvalidPath`."""
    place = locate(kind, path)
    column = _SORTS[kind.name].get(place.name) if place else None
    if column is None:
        raise InvalidPath("This cannot be sorted by.")
    return column


def _within(kind: ResourceType, tree: Within, asking: Asking, prefix: str) -> Condition:
    place = locate(kind, tree.path)
    # Only one of the parts of a value can be asked for here, so that "of one and the same value" is kept by itself.
    inner = tree.inner
    if prefix or place is None or place.sub or not place.attribute.multi or not isinstance(inner, Comparison):
        raise InvalidFilter("Brackets stand behind a multi-valued attribute, around one comparison.")
    return _comparison(kind, inner, asking, f"{place.name}.")


def _comparison(kind: ResourceType, one: Comparison, asking: Asking, prefix: str) -> Condition:
    place = locate(kind, prefix + one.path)
    if place is None:
        raise InvalidFilter("There is no such attribute.")
    name = place.name
    test = _TESTS[kind.name].get(name)
    if test is None:
        raise InvalidFilter(f"{name} cannot be asked for.")
    if asking.in_address and place.attribute.name in ("emails", "phoneNumbers"):
        raise Sensitive("Personal data do not belong into an address: POST the filter to .search.")
    return test(asking, one.op, one.value)


def text(column: Column, *, exact: bool = False) -> Test:
    """A string column; small and capital letters are one unless ``exact``."""

    def test(_asking: Asking, op: str, value: Value) -> Condition:
        if op == "pr":
            return column.is_not(None)
        if value is None and op in ("eq", "ne"):
            return column.is_(None) if op == "eq" else column.is_not(None)
        if not isinstance(value, str):
            raise InvalidFilter("A string is compared with a string.")
        wanted = value if exact else value.lower()
        return _compare_text(column if exact else func.lower(column), op, wanted)

    return test


def _compare_text(column: Column, op: str, wanted: str) -> Condition:
    length = len(wanted)
    # By functions that mean the same on both databases; LIKE does not.
    conditions: dict[str, Callable[[], Condition]] = {
        "eq": lambda: column == wanted,
        "ne": lambda: or_(column.is_(None), column != wanted),
        "co": lambda: func.replace(column, wanted, "") != column if wanted else column.is_not(None),
        "sw": lambda: func.substr(column, 1, length) == wanted,
        "ew": lambda: and_(func.length(column) >= length, func.substr(column, func.length(column) - length + 1) == wanted),
        "gt": lambda: column > wanted,
        "ge": lambda: column >= wanted,
        "lt": lambda: column < wanted,
        "le": lambda: column <= wanted,
    }
    return conditions[op]()


def _user_name(asking: Asking, op: str, value: Value) -> Condition:
    folded = value.casefold() if isinstance(value, str) else value
    return text(RosterUser.user_name_key, exact=True)(asking, op, folded)


def _moment(column: Column) -> Test:
    def test(_asking: Asking, op: str, value: Value) -> Condition:
        if op == "pr":
            return true()
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or op in ("co", "sw", "ew"):
            raise InvalidFilter("A moment is compared with another, like 2026-09-01T08:00:00Z.")
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        compared: dict[str, Condition] = {
            "eq": column == moment,
            "ne": column != moment,
            "gt": column > moment,
            "ge": column >= moment,
            "lt": column < moment,
            "le": column <= moment,
        }
        return compared[op]

    return test


def _here(asking: Asking, *more: Condition) -> Condition:
    return exists().where(
        Affiliation.person_id == RosterUser.person_id,
        Affiliation.institution == asking.institution,
        *affiliations.holds(asking.today),
        *more,
    )


def _active(asking: Asking, op: str, value: Value) -> Condition:
    if op == "pr":
        return true()
    if op not in ("eq", "ne") or not isinstance(value, bool):
        raise InvalidFilter("active is compared with true or false, for equality.")
    return _here(asking) if (op == "eq") == value else not_(_here(asking))


def _of_affiliation(column: Column) -> Test:
    def test(asking: Asking, op: str, value: Value) -> Condition:
        if op == "ne" or (value is None and op == "eq"):
            return not_(_here(asking, text(column, exact=True)(asking, "eq" if op == "ne" else "pr", value)))
        return _here(asking, text(column, exact=True)(asking, op, value))

    return test


def _contact(contact: str) -> Test:
    def test(asking: Asking, op: str, value: Value) -> Condition:
        if op not in ("eq", "ne") or not isinstance(value, str):
            raise InvalidFilter("This is sealed here: it can be compared for equality only.")
        try:
            key = members.contact_key(asking.vault, contact, value)
        except YimaError:
            found: Condition = false()  # no such address can be anybody's
        else:
            found = func.coalesce(RosterUser.contact_index, "").contains(key)
        return found if op == "eq" else not_(found)

    return test


def _membership(op: str, value: Value, inside: Condition, outer: Condition) -> Condition:
    found = exists().where(outer, inside) if op != "pr" else exists().where(outer)
    if op not in ("eq", "ne", "pr") or (op != "pr" and not isinstance(value, str)):
        raise InvalidFilter("Members and groups are compared by their id, for equality.")
    return not_(found) if op == "ne" else found


def _groups(_asking: Asking, op: str, value: Value) -> Condition:
    group = and_(RosterGroup.row_id == RosterMembership.group_row, RosterGroup.id == value)
    return _membership(op, value, group, RosterMembership.user_row == RosterUser.row_id)


def _members(_asking: Asking, op: str, value: Value) -> Condition:
    user = and_(RosterUser.row_id == RosterMembership.user_row, RosterUser.id == value)
    return _membership(op, value, user, RosterMembership.group_row == RosterGroup.row_id)


def _both(table: type[RosterUser] | type[RosterGroup]) -> dict[str, Test]:
    return {
        "id": text(table.id, exact=True),
        "externalId": text(table.external_id, exact=True),
        "meta.created": _moment(table.created_at),
        "meta.lastModified": _moment(table.modified_at),
    }


_TESTS: Mapping[str, Mapping[str, Test]] = {
    USERS.name: {
        **_both(RosterUser),
        "userName": _user_name,
        "name": text(RosterUser.name),
        "name.formatted": text(RosterUser.name),
        "displayName": text(func.coalesce(RosterUser.display_name, RosterUser.name)),
        "userType": _of_affiliation(Affiliation.role),
        "active": _active,
        "emails": _contact("email"),
        "emails.value": _contact("email"),
        "phoneNumbers": _contact("phone"),
        "phoneNumbers.value": _contact("phone"),
        "groups": _groups,
        "groups.value": _groups,
        f"{SCHOOL}:number": _of_affiliation(Affiliation.local_number),
        f"{SCHOOL}:grade": text(RosterUser.grade),
        f"{SCHOOL}:className": text(RosterUser.class_name),
    },
    GROUPS.name: {
        **_both(RosterGroup),
        "displayName": text(RosterGroup.display_name),
        "members": _members,
        "members.value": _members,
    },
}
_SORTS: Mapping[str, Mapping[str, Column]] = {
    USERS.name: {
        "id": RosterUser.id,
        "externalId": RosterUser.external_id,
        "userName": RosterUser.user_name_key,
        "name": RosterUser.name,
        "name.formatted": RosterUser.name,
        "displayName": func.coalesce(RosterUser.display_name, RosterUser.name),
        "meta.created": RosterUser.created_at,
        "meta.lastModified": RosterUser.modified_at,
        f"{SCHOOL}:grade": RosterUser.grade,
        f"{SCHOOL}:className": RosterUser.class_name,
    },
    GROUPS.name: {
        "id": RosterGroup.id,
        "externalId": RosterGroup.external_id,
        "displayName": RosterGroup.display_name,
        "meta.created": RosterGroup.created_at,
        "meta.lastModified": RosterGroup.modified_at,
    },
}
