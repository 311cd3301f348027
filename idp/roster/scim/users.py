"""Users: what a school said of a person, as a resource and back."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.errors import YimaError
from idp.registry import affiliations, documents
from idp.registry.affiliations import Role
from idp.registry.documents import Document, DocumentKind
from idp.registry.tables import Affiliation
from idp.roster import groups, members
from idp.roster.entry import ROLES, Entry
from idp.roster.scim import values
from idp.roster.scim.errors import InvalidValue
from idp.roster.scim.projection import Projection
from idp.roster.scim.reach import Reach
from idp.roster.scim.schema import CORE_USER, SCHOOL, USERS, JSONObject
from idp.roster.tables import RosterUser

kind = USERS
table = RosterUser
by_id = members.by_id
AT_ONCE = 500


def views(session: Session, reach: Reach, rows: Sequence[RosterUser], wanted: Projection) -> list[JSONObject]:
    """The rows as resources, without ``meta.version``. What the school did not give is not in them."""
    belonging = _belonging(session, reach, [row.person_id for row in rows])
    in_groups = groups.of_users(session, [row.row_id for row in rows]) if wanted.wants(USERS, "groups") else {}
    return [_view(reach, row, belonging.get(row.person_id, []), in_groups.get(row.row_id, [])) for row in rows]


def writable(session: Session, reach: Reach, row: RosterUser) -> JSONObject:
    """What a PATCH works on."""
    belonging = _belonging(session, reach, [row.person_id]).get(row.person_id, [])
    found = {name: item for name, item in _view(reach, row, belonging, []).items() if name not in ("schemas", "id", "meta")}
    parts = found["name"]
    # A name that was given in parts only changes with them.
    if parts["formatted"] == _joined(parts):
        found["name"] = {name: item for name, item in parts.items() if name != "formatted"}
    return found


def create(tx: Transaction, reach: Reach, found: JSONObject) -> RosterUser:
    """Enters the user that ``found`` (see :func:`values.resource`) describes."""
    values.require(USERS, found)
    return members.create(tx, reach.roster, entry_of(found))


def create_many(tx: Transaction, reach: Reach, bodies: Sequence[object]) -> list[str | None]:
    """The ids of those who are certainly new; ``None`` for each who has to be looked at by :func:`create`."""
    return [row.id if row else None for row in members.create_many(tx, reach.roster, [_entry_or_none(body) for body in bodies])]


def _entry_or_none(body: object) -> Entry | None:
    try:
        found = values.resource(USERS, body)
        values.require(USERS, found)
        return entry_of(found)
    except YimaError:
        return None


def replace(tx: Transaction, reach: Reach, row: RosterUser, found: JSONObject) -> None:
    """Brings the user to what ``found`` says. The document, which nobody can read here, may be left out."""
    values.require(USERS, found, but=frozenset({"documentNumber"}))
    members.replace(tx, reach.roster, row, entry_of(found))


def remove(tx: Transaction, reach: Reach, row: RosterUser) -> None:
    """Takes the user off the roster."""
    members.remove(tx, reach.roster, row)


def entry_of(found: JSONObject) -> Entry:
    """The resource as the rules take it. Raises :class:`InvalidValue` or ``InvalidDocument``."""
    school, name = found.get(SCHOOL, {}), found["name"]
    formatted = " ".join((name.get("formatted") or _joined(name)).split())
    if not formatted:
        raise InvalidValue("name is empty.")
    return Entry(
        user_name=found["userName"],
        name=formatted,
        role=Role(found["userType"]),
        active=found.get("active", True),
        external_id=found.get("externalId"),
        family_name=name.get("familyName"),
        given_name=name.get("givenName"),
        display_name=found.get("displayName"),
        number=school.get("number"),
        grade=school.get("grade"),
        class_name=school.get("className"),
        emails=tuple(found.get("emails", ())),
        phones=tuple(found.get("phoneNumbers", ())),
        document=_document(school),
        state_code=documents.read(DocumentKind.STATE_CODE, school["stateCode"]) if "stateCode" in school else None,
        english_name=school.get("englishName"),
        sex=school.get("sex"),
        birth_date=_date(school.get("birthDate")),
    )


def _view(reach: Reach, row: RosterUser, belonging: list[Affiliation], in_groups: list[tuple[str, str]]) -> JSONObject:
    # What the person is at the school; what the school said last, where they are nothing there now.
    shown = next((one for one in belonging if one.role == row.role), belonging[0] if belonging else row)
    given: Mapping[str, Any] = members.given(reach.vault, row)
    school = {
        "number": shown.local_number if isinstance(shown, Affiliation) else row.number,
        "grade": row.grade,
        "className": row.class_name,
    }
    resource = {
        "schemas": [CORE_USER, SCHOOL],
        "id": row.id,
        "externalId": row.external_id,
        "userName": row.user_name,
        "name": {"formatted": row.name, **{part: given[part] for part in ("familyName", "givenName") if part in given}},
        "displayName": row.display_name,
        "userType": shown.role if shown.role in ROLES else row.role,
        "active": bool(belonging),
        "emails": given.get("emails"),
        "phoneNumbers": given.get("phoneNumbers"),
        "groups": [
            {"value": group, "$ref": f"{reach.base}/Groups/{group}", "display": name, "type": "direct"} for group, name in in_groups
        ],
        SCHOOL: {name: item for name, item in school.items() if item is not None},
        "meta": {
            "resourceType": USERS.name,
            "created": row.created_at.isoformat(),
            "lastModified": row.modified_at.isoformat(),
            "location": reach.location(USERS, row.id),
        },
    }
    return {name: item for name, item in resource.items() if item not in (None, [], {})}


def _belonging(session: Session, reach: Reach, person_ids: Sequence[int]) -> dict[int, list[Affiliation]]:
    found: dict[int, list[Affiliation]] = {}
    holds = (Affiliation.institution == reach.institution, *affiliations.holds(reach.today))
    statement = select(Affiliation).where(*holds).order_by(Affiliation.id)
    for one in session.scalars(statement.where(Affiliation.person_id.in_(person_ids))) if person_ids else ():
        found.setdefault(one.person_id, []).append(one)
    return found


def _joined(name: Mapping[str, str]) -> str:
    family, given = name.get("familyName", ""), name.get("givenName", "")
    # 林 and 小雨 are written together, Ada and Lovelace are not.
    return f"{given} {family}".strip() if (family + given).isascii() else family + given


def _document(school: JSONObject) -> Document | None:
    number = school.get("documentNumber")
    return documents.read(DocumentKind(school.get("documentType", DocumentKind.CITIZEN)), number) if number else None


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidValue("birthDate is a day like 2013-09-01.") from None
