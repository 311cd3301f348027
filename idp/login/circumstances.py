"""How somebody signs in, gathered for the rules of :mod:`idp.policy.risk` from what is written down anyway."""

import ipaddress
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from idp.login.sign_ins import RIGHT, WRONG
from idp.login.tables import SignIn
from idp.mfa.factors import FACTORS
from idp.mfa.tables import Credential
from idp.policy.document import Policy, Signal
from idp.policy.risk import Circumstances, place_of

FAILURES_OF = timedelta(hours=1)
USUAL_FOR, USUAL_SIGN_INS = timedelta(days=90), 50


def gather(
    session: Session,
    policy: Policy,
    person_id: int,
    *,
    signals: Collection[Signal],
    address: str | None,
    device_known: bool | None,
    client_id: str,
    now: datetime,
) -> Circumstances:
    """What is known of this sign-in, as far as one of ``signals`` looks at it: the rest stays at its default, and costs nothing.

    Places are looked up only where the operator has named some, and the device is a new one.
    """
    new_place = Signal.NEW_PLACE in signals
    return Circumstances(
        now=now,
        client_id=client_id,
        device_known=device_known,
        place=place_of(policy.places, address) if new_place else "",
        usual_places=_usual_places(session, policy, person_id, now) if new_place and device_known is False else frozenset(),
        failures=_failures(session, person_id, now) if Signal.MANY_FAILURES in signals else 0,
        number_changed_at=_number_changed_at(session, person_id) if Signal.NUMBER_CHANGED in signals else None,
    )


def _usual_places(session: Session, policy: Policy, person_id: int, now: datetime) -> frozenset[str]:
    """Where the person has signed in from. A place that got its name later goes by the network, which is kept of an address."""
    if not policy.places:
        return frozenset()
    earlier = select(SignIn.place, SignIn.network).where(
        SignIn.person_id == person_id, SignIn.outcome.in_(RIGHT), SignIn.at > now - USUAL_FOR
    )
    rows = session.execute(earlier.order_by(SignIn.at.desc(), SignIn.id.desc()).limit(USUAL_SIGN_INS)).all()
    return frozenset(
        place or place_of(policy.places, _first_address(network)) for place, network in {(row[0], row[1]) for row in rows}
    )


def _failures(session: Session, person_id: int, now: datetime) -> int:
    wrong = select(func.count()).where(SignIn.person_id == person_id, SignIn.outcome.in_(WRONG), SignIn.at > now - FAILURES_OF)
    return session.scalar(wrong) or 0


def _number_changed_at(session: Session, person_id: int) -> datetime | None:
    numbered = [factor.kind for factor in FACTORS.values() if factor.restricted and factor.out_of_band]
    changed = select(func.max(Credential.created_at)).where(Credential.person_id == person_id, Credential.kind.in_(numbered))
    return session.scalar(changed)


def _first_address(network: str | None) -> str | None:
    return str(ipaddress.ip_network(network).network_address) if network is not None else None
