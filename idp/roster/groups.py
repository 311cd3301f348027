"""A school's groups: classes, departments, whatever it calls them, and who is in each."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.registry.errors import InvalidField
from idp.roster.errors import NoSuchMember
from idp.roster.members import new_id, touch
from idp.roster.tables import RosterGroup, RosterMembership, RosterUser

MAX_NAME = 200
AT_ONCE = 500


@dataclass(frozen=True)
class GroupEntry:
    """A group as a school describes it. ``members`` are ``id`` values of its users."""

    display_name: str
    external_id: str | None = None
    members: tuple[str, ...] = ()


def by_id(session: Session, institution: str, group_id: str) -> RosterGroup:
    """The school's group with this id. Raises :class:`NoSuchMember`, for another school's too."""
    row = session.scalar(select(RosterGroup).where(RosterGroup.id == group_id, RosterGroup.institution == institution))
    if row is None:
        raise NoSuchMember
    return row


def create(tx: Transaction, institution: str, entry: GroupEntry) -> RosterGroup:
    """A new group. Raises :class:`InvalidField` for a member whom the school does not have."""
    tx.serialise()
    _check(entry)
    row = RosterGroup(id=new_id(), institution=institution, version=1, created_at=tx.now, modified_at=tx.now)
    row.display_name, row.external_id = entry.display_name, entry.external_id
    tx.session.add(row)
    tx.session.flush()
    _set_members(tx, row, entry.members)
    _record(tx, Action.ROSTER_GROUP_CREATED, row)
    return row


def replace(tx: Transaction, row: RosterGroup, entry: GroupEntry) -> bool:
    """Brings the group to what ``entry`` says; returns whether that is a change."""
    tx.serialise()
    _check(entry)
    changed = (row.display_name, row.external_id) != (entry.display_name, entry.external_id)
    row.display_name, row.external_id = entry.display_name, entry.external_id
    changed |= _set_members(tx, row, entry.members)
    if changed:
        touch(tx, row)
        _record(tx, Action.ROSTER_GROUP_CHANGED, row)
        tx.session.flush()
    return changed


def remove(tx: Transaction, row: RosterGroup) -> None:
    """Ends the group. Its members stay what they are."""
    tx.serialise()
    _record(tx, Action.ROSTER_GROUP_REMOVED, row)
    tx.session.execute(delete(RosterMembership).where(RosterMembership.group_row == row.row_id))
    tx.session.delete(row)
    tx.session.flush()


def members(session: Session, group_rows: Collection[int]) -> dict[int, list[str]]:
    """For each group its members' ids."""
    found: dict[int, list[str]] = {row: [] for row in group_rows}
    statement = (
        select(RosterMembership.group_row, RosterUser.id)
        .join(RosterUser, RosterUser.row_id == RosterMembership.user_row)
        .where(RosterMembership.group_row.in_(group_rows))
        .order_by(RosterUser.row_id)
    )
    for group_row, user_id in session.execute(statement):
        found[group_row].append(user_id)
    return found


def of_users(session: Session, user_rows: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """For each user their groups' ids and names."""
    found: dict[int, list[tuple[str, str]]] = {row: [] for row in user_rows}
    statement = (
        select(RosterMembership.user_row, RosterGroup.id, RosterGroup.display_name)
        .join(RosterGroup, RosterGroup.row_id == RosterMembership.group_row)
        .where(RosterMembership.user_row.in_(user_rows))
        .order_by(RosterGroup.row_id)
    )
    for user_row, group_id, name in session.execute(statement):
        found[user_row].append((group_id, name))
    return found


def _check(entry: GroupEntry) -> None:
    if not entry.display_name.strip() or len(entry.display_name) > MAX_NAME or not entry.display_name.isprintable():
        raise InvalidField(field="displayName", reason=N_("it must have 1 to 200 characters"))
    if entry.external_id is not None and not (0 < len(entry.external_id) <= 128 and entry.external_id.isprintable()):
        raise InvalidField(field="externalId", reason=N_("it is empty, too long, or has a character that cannot be printed"))


def _set_members(tx: Transaction, row: RosterGroup, wanted: tuple[str, ...]) -> bool:
    rows = _rows_of(tx.session, row.institution, set(wanted))
    there = set(tx.session.scalars(select(RosterMembership.user_row).where(RosterMembership.group_row == row.row_id)))
    gone, new = sorted(there - rows), sorted(rows - there)
    for start in range(0, len(gone), AT_ONCE):
        doomed = RosterMembership.user_row.in_(gone[start : start + AT_ONCE])
        tx.session.execute(delete(RosterMembership).where(RosterMembership.group_row == row.row_id, doomed))
    if new:
        tx.session.execute(insert(RosterMembership), [{"group_row": row.row_id, "user_row": one} for one in new])
    return bool(gone or new)


def _rows_of(session: Session, institution: str, ids: set[str]) -> set[int]:
    found: set[int] = set()
    listed = sorted(ids)
    for start in range(0, len(listed), AT_ONCE):
        some = RosterUser.id.in_(listed[start : start + AT_ONCE])
        found |= set(session.scalars(select(RosterUser.row_id).where(RosterUser.institution == institution, some)))
    if len(found) != len(ids):
        raise InvalidField(field="members", reason=N_("somebody in it is not one of this school's"))
    return found


def _record(tx: Transaction, action: Action, row: RosterGroup) -> None:
    tx.record(action, subject=f"roster_group:{row.id}", institution=row.institution)
