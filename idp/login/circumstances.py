"""How somebody signs in, gathered for the rules of :mod:`idp.policy.risk` from what is written down anyway."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.mfa.factors import FACTORS
from idp.mfa.tables import Credential
from idp.policy.document import Policy
from idp.policy.risk import Circumstances, place_of
from idp.registry.tables import Person

FAILURES = (Action.SIGN_IN_REFUSED.value, Action.FACTOR_REFUSED.value)
USUAL_FOR, USUAL_SIGN_INS = timedelta(days=90), 50


def gather(
    session: Session,
    policy: Policy,
    person: Person,
    *,
    address: str | None,
    device_known: bool | None,
    client_id: str,
    now: datetime,
) -> Circumstances:
    """What is known of this sign-in. Places are looked up only where the operator has named some, and the device is a new one."""
    subject = f"person:{person.number}"
    places: set[str] = set()
    if policy.places and device_known is False:
        earlier = select(AuditEvent.address).where(
            AuditEvent.subject == subject, AuditEvent.action == Action.SIGNED_IN.value, AuditEvent.at > now - USUAL_FOR
        )
        addresses = session.scalars(earlier.order_by(AuditEvent.seq.desc()).limit(USUAL_SIGN_INS))
        places = {place_of(policy.places, one) for one in set(addresses)}
    failures = select(func.count()).where(
        AuditEvent.subject == subject, AuditEvent.action.in_(FAILURES), AuditEvent.at > now - timedelta(hours=1)
    )
    numbered = [factor.kind for factor in FACTORS.values() if factor.restricted and factor.out_of_band]
    number = select(func.max(Credential.created_at)).where(Credential.person_id == person.id, Credential.kind.in_(numbered))
    return Circumstances(
        now=now,
        client_id=client_id,
        device_known=device_known,
        place=place_of(policy.places, address),
        usual_places=frozenset(places),
        failures=session.scalar(failures) or 0,
        number_changed_at=session.scalar(number),
    )
