"""Tickets: random for whoever holds them, digests for us; given for one service, validated once, ended with the session."""

import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto import sm3
from idp.database.compare_and_set import compare_and_set
from idp.login.sessions import Limits
from idp.login.tables import BrowserSession
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person
from idp.sso.cas.tables import CasTicket

SERVICE, PROXY, GRANTING, IOU = "ST", "PT", "PGT", "PGTIOU"
_CHARACTERS = string.ascii_letters + string.digits
MAX_LENGTH = 256


@dataclass(frozen=True)
class Ticket:
    """A ticket as it was given: to which app, for which address, about whom, in which session, how well proven."""

    kind: str
    app_id: str
    service: str
    person_id: int
    sid: str
    new_login: bool
    proxies: tuple[str, ...]
    level: int
    methods: tuple[str, ...]
    auth_time: datetime


def new(kind: str) -> str:
    """§3.7: letters, digits and hyphens only. §3.1.1: services need to take no more than 32 characters of a service ticket; 29
    random ones of 62 are 172 bits. §3.3.1, §3.4.1: of the others they have to take 64.
    """
    length = {SERVICE: 29, PROXY: 29}.get(kind, 43)
    return f"{kind}-" + "".join(secrets.choice(_CHARACTERS) for _ in range(length))


def digest(text: str) -> str:
    """What the database holds of a ticket. Not salted: the ticket is random, and has to be found by it."""
    return sm3.digest(text.encode("utf-8", "replace")).hex()


def keep(tx: Transaction, text: str, ticket: Ticket, *, lifetime: int) -> None:
    """Keeps a new ticket for ``lifetime`` seconds."""
    row = CasTicket(
        ticket_hash=digest(text),
        kind=ticket.kind,
        app_id=ticket.app_id,
        service=ticket.service,
        person_id=ticket.person_id,
        sid=ticket.sid,
        new_login=ticket.new_login,
        proxies=list(ticket.proxies),
        level=ticket.level,
        methods=list(ticket.methods),
        auth_time=ticket.auth_time,
        issued_at=tx.now,
        expires_at=tx.now + timedelta(seconds=lifetime),
    )
    tx.session.add(row)


def spend(tx: Transaction, text: str) -> Ticket | None:
    """The service or proxy ticket, spent by this, whatever becomes of the validation (§3.1.1, §3.2.1).

    ``None`` for one that nobody knows, that was spent, or has expired. Of any number of tries at once one gets it.
    """
    if len(text) > MAX_LENGTH or not text.startswith((f"{SERVICE}-", f"{PROXY}-")):
        return None
    key = digest(text)
    spending = (
        update(CasTicket)
        .where(
            CasTicket.ticket_hash == key,
            CasTicket.kind.in_((SERVICE, PROXY)),
            CasTicket.spent_at.is_(None),
            CasTicket.expires_at > tx.now,
        )
        .values(spent_at=tx.now)
    )
    return _ticket(tx.session.get_one(CasTicket, key)) if compare_and_set(tx.session, spending) else None


def granting(session: Session, text: str, now: datetime) -> Ticket | None:
    """The proxy-granting ticket, which may be used many times (§3.3.1)."""
    row = session.get(CasTicket, digest(text)) if len(text) <= MAX_LENGTH else None
    return _ticket(row) if row is not None and row.kind == GRANTING and row.expires_at > now else None


def session_lasts(session: Session, ticket: Ticket, limits: Limits, now: datetime) -> bool:
    """§3.3.1: whether the session the ticket came from lasts, and its person may sign in."""
    lasting = (
        select(BrowserSession.sid)
        .join(Person, Person.id == BrowserSession.person_id)
        .where(
            BrowserSession.sid == ticket.sid,
            BrowserSession.ended_at.is_(None),
            BrowserSession.seen_at > now - limits.idle,
            BrowserSession.created_at > now - limits.absolute,
            Person.status == PersonStatus.ACTIVE.value,
        )
    )
    return session.scalar(lasting) is not None


def end_with_session(tx: Transaction, sid: str) -> None:
    """Ends every ticket of a session."""
    tx.session.execute(delete(CasTicket).where(CasTicket.sid == sid).execution_options(synchronize_session=False))


def end_of_app(tx: Transaction, app_id: str, person_id: int) -> None:
    """Ends what an app has of a person."""
    mine = (CasTicket.app_id == app_id, CasTicket.person_id == person_id)
    tx.session.execute(delete(CasTicket).where(*mine).execution_options(synchronize_session=False))


def _ticket(row: CasTicket) -> Ticket:
    return Ticket(
        kind=row.kind,
        app_id=row.app_id,
        service=row.service,
        person_id=row.person_id,
        sid=row.sid,
        new_login=row.new_login,
        proxies=tuple(row.proxies),
        level=row.level,
        methods=tuple(row.methods),
        auth_time=row.auth_time,
    )
