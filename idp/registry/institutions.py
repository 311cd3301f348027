"""Institutions: finding one, listing, and giving out codes."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.registry import credit_code, institution_code
from idp.registry.errors import CodeTaken, InvalidField, NoSuchInstitution
from idp.registry.tables import Institution, InstitutionEvent

MAX_NAME = 200
_DOMAIN = re.compile(r"(?=.{1,100}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


class InstitutionStatus(StrEnum):
    """``active``; ``closed`` can be restored; ``merged`` and ``recategorised`` live on under their successor's code."""

    ACTIVE = "active"
    CLOSED = "closed"
    MERGED = "merged"
    RECATEGORISED = "recategorised"


@dataclass(frozen=True)
class Particulars:
    """What is known of an institution beside its code."""

    name: str
    credit_code: str | None = None
    supervisor: str | None = None
    city: str | None = None
    level: str | None = None
    remarks: str | None = None


def by_code(session: Session, code: str) -> Institution:
    """The institution with this code, whatever its state. Raises :class:`NoSuchInstitution`."""
    found = session.get(Institution, code)
    if found is None:
        raise NoSuchInstitution(value=code[:32])
    return found


def search(session: Session, query: str = "", *, province: str = "", category: str = "", status: str = "") -> Sequence[Institution]:
    """The institutions whose name or code contains ``query``, ordered by code; empty filters let everything through."""
    statement = select(Institution).order_by(Institution.code)
    if query:
        statement = statement.where(
            or_(Institution.name.contains(query, autoescape=True), Institution.code.startswith(query, autoescape=True))
        )
    for column, value in ((Institution.province, province), (Institution.category, category), (Institution.status, status)):
        if value:
            statement = statement.where(column == value)
    return session.scalars(statement).all()


def history(session: Session, code: str) -> Sequence[InstitutionEvent]:
    """Every turn in the institution's life, oldest first. Raises :class:`NoSuchInstitution`."""
    by_code(session, code)
    return session.scalars(select(InstitutionEvent).where(InstitutionEvent.code == code).order_by(InstitutionEvent.id)).all()


def issue(tx: Transaction, *, category: str, province: str, particulars: Particulars) -> Institution:
    """Gives an institution the next code of its category and province.

    Codes that were ever given out, to whomever and however it ended, are never given out again.
    """
    tx.serialise()
    here = select(func.max(Institution.code)).where(Institution.category == category, Institution.province == province)
    highest = tx.session.scalar(here)
    code = institution_code.following(category, province, int(highest[4:]) if highest else 0)
    return add(tx, code, particulars, Action.INSTITUTION_ISSUED)


def add(tx: Transaction, code: institution_code.InstitutionCode, particulars: Particulars, action: Action) -> Institution:
    """Enters an institution under ``code``. Raises :class:`CodeTaken` when anyone has, or had, that code."""
    tx.serialise()
    taken = tx.session.get(Institution, str(code))
    if taken is not None:
        raise CodeTaken(value=str(code), name=taken.name)
    row = Institution(
        code=str(code),
        category=code.category,
        province=code.province,
        domains=[],
        status=InstitutionStatus.ACTIVE.value,
        created_at=tx.now,
    )
    describe(tx, row, particulars)
    tx.session.add(row)
    tx.session.flush()
    note(tx, row, "issued", after=row.name)
    tx.record(action, subject=f"institution:{row.code}", institution=row.code, detail={"name": row.name})
    return row


def describe(tx: Transaction, row: Institution, particulars: Particulars) -> bool:
    """Puts the particulars into the row; returns whether that changed anything.

    Raises :class:`InvalidField`, :class:`idp.registry.errors.InvalidCreditCode`, or :class:`CodeTaken` for a credit code that
    another institution has.
    """
    name = " ".join(particulars.name.split())
    if not name or len(name) > MAX_NAME:
        raise InvalidField(field="name", reason=N_("it must have 1 to 200 characters"))
    credit = credit_code.normalise(particulars.credit_code) if particulars.credit_code else None
    if credit is not None:
        with tx.session.no_autoflush:
            other = tx.session.scalar(select(Institution).where(Institution.credit_code == credit, Institution.code != row.code))
        if other is not None:
            raise CodeTaken(value=credit, name=other.name)
    values = {
        "name": name,
        "credit_code": credit,
        "supervisor": particulars.supervisor or None,
        "city": particulars.city or None,
        "level": particulars.level or None,
        "remarks": particulars.remarks or None,
    }
    changed = {key: value for key, value in values.items() if getattr(row, key) != value}
    for key, value in changed.items():
        setattr(row, key, value)
    return bool(changed)


def set_domains(tx: Transaction, code: str, domains: Collection[str]) -> Institution:
    """Says which domains are the institution's own; its apps are expected there. Raises :class:`InvalidField`."""
    row = by_code(tx.session, code)
    names = sorted({domain.strip().lower().strip(".") for domain in domains})
    if not all(_DOMAIN.fullmatch(name) for name in names):
        raise InvalidField(field="domains", reason=N_("a domain looks like example.edu.cn"))
    note(tx, row, "domains", before=" ".join(row.domains)[:200], after=" ".join(names)[:200])
    row.domains = names
    tx.record(Action.INSTITUTION_DOMAINS_SET, subject=f"institution:{code}", institution=code, detail={"domains": names})
    return row


def note(
    tx: Transaction,
    row: Institution,
    kind: str,
    *,
    before: str | None = None,
    after: str | None = None,
    reason: str | None = None,
) -> None:
    """Adds a turn to the institution's history."""
    tx.session.add(InstitutionEvent(code=row.code, at=tx.now, kind=kind, before=before, after=after, reason=reason))
