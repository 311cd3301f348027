"""Issuing at once: each request is looked at and signed by itself, and those that come at the same time are written down together.

Nothing is handed out before it is written down. One that is refused is refused alone: how many are left is known before the first
row is written, and a key that somebody else was faster with writes none.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from idp.audit import Actor, Transaction
from idp.certification import issuance
from idp.certification.enrolment import requests, rights
from idp.certification.enrolment.requests import Waiting
from idp.certification.enrolment.rights import Right
from idp.certification.errors import EnrolmentUsedUp, KeyKnown
from idp.certification.issuance import Signed
from idp.certification.office import Office, key_digest
from idp.crypto.x509.request import CertificateRequest


@dataclass(frozen=True, slots=True)
class Ready:
    """A certificate that is signed, and that nobody has been given."""

    actor: Actor
    right: Right
    signed: Signed

    @property
    def key(self) -> str:
        """By which the key is known."""
        return key_digest(self.signed.application.request.public_key)


def prepare(
    session: Session, office: Office, actor: Actor, right: Right, request: CertificateRequest, now: datetime
) -> Ready | bytes | Waiting:
    """Everything that needs no lock, the signature with it; for a key that came before, what became of it.

    Raises ``RequestTurnedDown`` and what issuance does.
    """
    known = requests.before(session, right, request)
    if known is not None:
        return known
    application = requests.application_of(session, office, right, request, now.date())
    return Ready(actor, right, issuance.sign(session, office, right.authority, application, now))


def write(tx: Transaction, ready: Sequence[Ready]) -> list[bytes | Exception]:
    """Writes down what may be; of each the certificate in DER, or :class:`EnrolmentUsedUp` or :class:`KeyKnown`."""
    rights_of = {one.right.id: one.right for one in ready}
    # In the order of their numbers: two that write at once never wait for each other in a circle.
    left = {number: rights.left(tx, rights_of[number]) for number in sorted(rights_of)}
    refused: dict[int, Exception] = {}
    chosen: dict[str, Ready] = {}
    for place, one in enumerate(ready):
        if one.key in chosen:
            refused[place] = KeyKnown()
        elif left[one.right.id] <= 0:
            refused[place] = EnrolmentUsedUp()
        else:
            chosen[one.key] = one
            left[one.right.id] -= 1
    keys = issuance.write_all(tx, [(one.actor, one.signed) for one in chosen.values()])
    written = [one for key, one in chosen.items() if key in keys]
    if written:
        requests.keep_issued(tx, [(one.right, one.signed.application.request) for one in written])
    for number, many in sorted(Counter(one.right.id for one in written).items()):
        rights.spend_many(tx, rights_of[number], many)
    return [
        refused[place] if place in refused else one.signed.certificate.der if one.key in keys else KeyKnown()
        for place, one in enumerate(ready)
    ]
