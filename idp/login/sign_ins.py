"""The record of sign-ins: who, when, by which means, to which app, from which kind of device and network. For the person to read,
and for rules about risk; housekeeping forgets it after ``sign_ins_kept_days``.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import and_, bindparam, case, func, insert, select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto import sm3
from idp.login.device import describe
from idp.login.tables import SignIn
from idp.notices import book
from idp.notices.events import Event
from idp.policy import store
from idp.policy.risk import place_of
from idp.settings import Settings

MOST_SHOWN = 100


class Outcome(StrEnum):
    """How a try ended. ``raised``: a session that was there was lifted to a higher level."""

    SIGNED_IN = "signed_in"
    RAISED = "raised"
    WRONG_PASSWORD = "wrong_password"
    WRONG_FACTOR = "wrong_factor"


RIGHT = (Outcome.SIGNED_IN, Outcome.RAISED)
WRONG = (Outcome.WRONG_PASSWORD, Outcome.WRONG_FACTOR)

# How near this browser has been before: 2 itself, 1 one like it in this network, 0 another one, nothing for nobody's.
_NEAREST = select(
    func.max(
        case(
            (SignIn.device_hash == bindparam("hash"), 2),
            (and_(SignIn.device == bindparam("device"), SignIn.network.is_not_distinct_from(bindparam("network"))), 1),
            else_=0,
        )
    )
).where(SignIn.person_id == bindparam("person"), SignIn.outcome.in_(RIGHT))
_INSERT = insert(SignIn)


@dataclass(frozen=True)
class Visit:
    """A browser at our door: what it says of itself, the mark by which it is known again, and the app that sent it, if any."""

    user_agent: str
    mark: str = field(repr=False)
    client_id: str | None = None


def record(
    tx: Transaction,
    settings: Settings,
    person_id: int,
    outcome: Outcome,
    visit: Visit,
    *,
    level: int = 0,
    methods: Sequence[str] = (),
) -> None:
    """Writes a try down, from the address of the transaction's actor.

    A success tells the person if neither this browser nor one like it in this network was ever theirs. The first one that is
    remembered tells nobody: there is nothing to compare it with.
    """
    device, device_hash = describe(visit.user_agent), hash_of(person_id, visit.mark)
    network, place = locate(tx.session, tx.actor.address)
    sought = {"hash": device_hash, "device": device, "network": network, "person": person_id}
    nearest = tx.session.execute(_NEAREST, sought).scalar_one()
    if outcome in RIGHT and nearest == 0:
        expires = tx.now + timedelta(days=settings.sign_ins_kept_days)
        book.give(tx, person_id, Event.NEW_DEVICE, detail={"device": device}, expires_at=expires)
    row = {
        "person_id": person_id,
        "at": tx.now,
        "outcome": outcome.value,
        "level": level,
        "methods": sorted(methods),
        "client_id": visit.client_id or None,
        "device": device,
        "device_hash": device_hash,
        "device_known": nearest == 2,
        "network": network,
        "place": place,
    }
    tx.session.connection().execute(_INSERT, row)


def recent(session: Session, person_id: int, limit: int = MOST_SHOWN) -> Sequence[SignIn]:
    """The person's last sign-ins, right and wrong ones, the newest first."""
    mine = select(SignIn).where(SignIn.person_id == person_id)
    return session.scalars(mine.order_by(SignIn.at.desc(), SignIn.id.desc()).limit(limit)).all()


def locate(session: Session, address: str | None) -> tuple[str | None, str | None]:
    """The network that is kept of an address (IPv4 /24, IPv6 /64), and the policy's name for where it is."""
    if address is None:
        return None, None
    here = ipaddress.ip_address(address)
    network = ipaddress.ip_network((here, 24 if here.version == 4 else 64), strict=False)
    return str(network), place_of(store.current(session).places, address) or None


def whereabouts(session: Session, address: str | None) -> str:
    """An address as people read it: the operator's name for the place, or else the beginning."""
    network, place = locate(session, address)
    return place or masked(network)


def masked(network: str | None) -> str:
    """A network as people read it: ``203.0.113.*``, ``2001:db8:1:2:*``; empty for none."""
    if network is None:
        return ""
    known = ipaddress.ip_network(network)
    if known.version == 4:
        return ".".join(str(known.network_address).split(".")[:3]) + ".*"
    groups = known.network_address.exploded.split(":")[:4]
    return ":".join(format(int(group, 16), "x") for group in groups) + ":*"


def hash_of(person_id: int, mark: str) -> str:
    """What the record holds of a browser's mark: for another person at the same browser it is another."""
    return sm3.digest(f"{person_id}:{mark}".encode()).hex()
