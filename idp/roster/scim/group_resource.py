"""Groups as resources and back."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.roster import groups
from idp.roster.groups import GroupEntry
from idp.roster.scim import values
from idp.roster.scim.projection import Projection
from idp.roster.scim.reach import Reach
from idp.roster.scim.schema import CORE_GROUP, GROUPS, JSONObject
from idp.roster.tables import RosterGroup

kind = GROUPS
table = RosterGroup
by_id = groups.by_id


def views(session: Session, reach: Reach, rows: Sequence[RosterGroup], wanted: Projection) -> list[JSONObject]:
    """The rows as resources, without ``meta.version``; members only where somebody wants them."""
    inside = groups.members(session, [row.row_id for row in rows]) if wanted.wants(GROUPS, "members") else {}
    return [_view(reach, row, inside.get(row.row_id, [])) for row in rows]


def writable(session: Session, reach: Reach, row: RosterGroup) -> JSONObject:
    """What a PATCH works on."""
    inside = groups.members(session, [row.row_id])[row.row_id]
    found = _view(reach, row, inside)
    return {name: found[name] for name in ("externalId", "displayName", "members") if name in found}


def create(tx: Transaction, reach: Reach, found: JSONObject) -> RosterGroup:
    """A new group."""
    values.require(GROUPS, found)
    return groups.create(tx, reach.institution, _entry_of(found))


def replace(tx: Transaction, _reach: Reach, row: RosterGroup, found: JSONObject) -> None:
    """Brings the group to what ``found`` says."""
    values.require(GROUPS, found)
    groups.replace(tx, row, _entry_of(found))


def remove(tx: Transaction, _reach: Reach, row: RosterGroup) -> None:
    """Ends the group."""
    groups.remove(tx, row)


def _entry_of(found: JSONObject) -> GroupEntry:
    inside = tuple(one["value"] for one in found.get("members", ()))
    return GroupEntry(" ".join(found["displayName"].split()), found.get("externalId"), inside)


def _view(reach: Reach, row: RosterGroup, inside: list[str]) -> JSONObject:
    members = [{"value": user, "$ref": f"{reach.base}/Users/{user}", "type": "User"} for user in inside]
    resource = {
        "schemas": [CORE_GROUP],
        "id": row.id,
        "externalId": row.external_id,
        "displayName": row.display_name,
        "members": members,
        "meta": {
            "resourceType": GROUPS.name,
            "created": row.created_at.isoformat(),
            "lastModified": row.modified_at.isoformat(),
            "location": reach.location(GROUPS, row.id),
        },
    }
    return {name: item for name, item in resource.items() if item not in (None, [])}
