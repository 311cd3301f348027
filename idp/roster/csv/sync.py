"""A list against the roster: a plan that can be looked at, and carrying it out in small transactions."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from idp.audit import Action, Transaction
from idp.errors import YimaError
from idp.registry import affiliations, persons
from idp.registry.affiliations import Role
from idp.registry.imports.batches import OpenTransaction
from idp.registry.imports.report import Outcome
from idp.registry.tables import Affiliation
from idp.roster import adoption, members
from idp.roster.csv.lists import SENSITIVE, Line
from idp.roster.entry import Entry
from idp.roster.errors import SyncRefused
from idp.roster.members import Roster
from idp.roster.tables import RosterUser

BATCH = 50


@dataclass(frozen=True)
class Step:
    """One row to be carried out. ``user_id`` is of the roster's row, ``None`` for somebody new."""

    line: Line
    entry: Entry
    user_id: str | None


@dataclass(frozen=True)
class Leaver:
    """Somebody of the school whom the list does not have."""

    user_id: str
    name: str
    number: str | None
    role: Role


@dataclass
class Plan:
    """What the list would do. ``active`` counts who is there now, by role."""

    new: list[Step] = field(default_factory=list)
    changed: list[Step] = field(default_factory=list)
    unchanged: int = 0
    leavers: list[Leaver] = field(default_factory=list)
    active: Counter[Role] = field(default_factory=Counter)
    roles: tuple[Role, ...] = ()

    def check(self, limit: int) -> None:
        """Raises :class:`SyncRefused` where more than ``limit`` per cent of a role would leave."""
        for role, leaving in Counter(one.role for one in self.leavers).items():
            if leaving * 100 > limit * self.active[role]:
                raise SyncRefused(leaving=leaving, all=self.active[role], role=role.value, limit=limit)


def plan(tx: Transaction, roster: Roster, lines: Sequence[Line]) -> Plan:
    """Compares. Only who is in a role that the list has can be missing from it: a list of pupils says nothing of teachers."""
    adoption.adopt(tx, roster)
    found = Plan(roles=tuple(sorted({line.entry.role for line in lines})))
    rows = {
        row.person_id: row for row in tx.session.scalars(select(RosterUser).where(RosterUser.institution == roster.institution))
    }
    here = _here(tx, roster)
    known = persons.by_documents(tx.session, roster.vault, [line.document for line in lines])
    seen: set[int] = set()
    for line in lines:
        person_id = known.get(line.document)
        row = rows.get(person_id) if person_id is not None else None
        if row is None or person_id is None:
            found.new.append(Step(line, dataclasses.replace(line.entry, user_name=line.entry.number or members.new_id()), None))
            continue
        seen.add(person_id)
        before = _standing(roster, row, here.get(person_id, []))
        after = _merged(before, line)
        if _same(before, after) and row.claimed:
            found.unchanged += 1
        else:
            found.changed.append(Step(line, after, row.id))
    for person_id, mine in here.items():
        for one in mine:
            role = Role(one.role)
            found.active[role] += 1
            if role in found.roles and person_id not in seen and person_id in rows:
                found.leavers.append(Leaver(rows[person_id].id, rows[person_id].name, one.local_number, role))
    return found


def carry_out(
    work: Plan, roster: Roster, outcome: Outcome, transaction: OpenTransaction, progress: Callable[[int, int], None]
) -> int:
    """Does it; returns how many have left. While a row is broken nobody leaves: it may be theirs."""
    steps = [*work.new, *work.changed]
    total = len(steps) + len(work.leavers)
    outcome.unchanged = work.unchanged
    for start in range(0, len(steps), BATCH):
        with transaction() as tx:
            tx.serialise()
            some = steps[start : start + BATCH]
            entered = members.create_many(tx, roster, [None if step.user_id else step.entry for step in some])
            for step, row in zip(some, entered, strict=True):
                if row is not None:
                    outcome.created += 1
                else:
                    _do(tx, roster, step, outcome)
        progress(start, total)
    left = 0
    leavers = [] if outcome.broken else work.leavers
    for start in range(0, len(leavers), BATCH):
        with transaction() as tx:
            tx.serialise()
            for leaver in leavers[start : start + BATCH]:
                row = members.by_id(tx.session, roster.institution, leaver.user_id)
                left += members.leave(tx, roster, row, (leaver.role,))
        progress(len(steps) + start, total)
    with transaction() as tx:
        counts = {"new": outcome.created, "changed": outcome.updated, "left": left, "broken": len(outcome.broken)}
        if any(counts.values()):
            tx.record(
                Action.ROSTER_LIST_APPLIED,
                subject=f"institution:{roster.institution}",
                institution=roster.institution,
                detail=counts,
            )
    return left


def _do(tx: Transaction, roster: Roster, step: Step, outcome: Outcome) -> None:
    try:
        with tx.savepoint():
            if step.user_id is None:
                members.create(tx, roster, step.entry)
            else:
                members.replace(tx, roster, members.by_id(tx.session, roster.institution, step.user_id), step.entry)
    except YimaError as error:
        outcome.refuse(step.line.row, error, SENSITIVE)
        return
    if step.user_id is None:
        outcome.created += 1
    else:
        outcome.updated += 1


def _here(tx: Transaction, roster: Roster) -> dict[int, list[Affiliation]]:
    found: dict[int, list[Affiliation]] = {}
    statement = (
        select(Affiliation)
        .where(Affiliation.institution == roster.institution, *affiliations.holds(tx.now.date()))
        .order_by(Affiliation.id)
    )
    for one in tx.session.scalars(statement):
        found.setdefault(one.person_id, []).append(one)
    return found


def _standing(roster: Roster, row: RosterUser, mine: Sequence[Affiliation]) -> Entry:
    shown = next((one for one in mine if one.role == row.role), mine[0] if mine else None)
    given = members.given(roster.vault, row)
    parts: dict[str, Any] = {"family_name": given.get("familyName"), "given_name": given.get("givenName")}
    return Entry(
        user_name=row.user_name,
        name=row.name,
        role=Role(shown.role if shown else row.role),
        active=bool(mine),
        external_id=row.external_id,
        display_name=row.display_name,
        number=shown.local_number if shown else row.number,
        grade=row.grade,
        class_name=row.class_name,
        emails=tuple(given.get("emails", ())),
        phones=tuple(given.get("phoneNumbers", ())),
        **parts,
    )


def _merged(before: Entry, line: Line) -> Entry:
    """What stands there with what the list says: a column that it does not have takes nothing away."""
    said = line.entry
    wanted: dict[str, Any] = {
        "name": said.name,
        "role": said.role,
        "active": True,
        "document": said.document,
        "state_code": said.state_code,
        "english_name": said.english_name,
        "sex": said.sex,
        "birth_date": said.birth_date,
    }
    if line.names & {"student_number", "staff_number", "school_roll"}:
        wanted["number"] = said.number
    wanted |= {name: getattr(said, name) for name in ("grade", "class_name") if name in line.names}
    for column, name in (("email", "emails"), ("phone", "phones")):
        if column in line.names and (getattr(said, column) != getattr(before, column)):
            wanted[name] = getattr(said, name)
    return dataclasses.replace(before, **wanted)


def _same(before: Entry, after: Entry) -> bool:
    told = ("document", "state_code", "english_name", "sex", "birth_date")
    return before == dataclasses.replace(after, **{name: getattr(before, name) for name in told})
