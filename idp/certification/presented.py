"""A certificate that somebody shows: whether it is one of ours, good now, and whose.

That its holder has the key was proven to the proxy. Everything else is looked at here, and by our own records: a certificate is
known by its bytes, its holder by the row it was issued with, never by the name in it.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.certification import subjects
from idp.certification.errors import CertificateRefused
from idp.certification.status import revocation
from idp.certification.tables import IssuedCertificate
from idp.certification.tokens import keys as token_keys
from idp.crypto.der import oids
from idp.crypto.errors import CryptoError
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import Expired, NotYetValid
from idp.crypto.x509.extensions.usage import DIGITAL_SIGNATURE
from idp.crypto.x509.path import PathRules, validate_path
from idp.crypto.x509.reasons import Reason
from idp.deployment import Deployment
from idp.i18n import N_
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person

OTHER = N_("It was not issued by an authority of this installation.")
OUTDATED = N_("It has expired, or is not valid yet. Ask your school for a new one.")
REVOKED = N_("It was revoked. Ask your school for a new one.")
HELD = N_("It is on hold. Ask your school.")
ENDED_ABOVE = N_("The authority that issued it is not valid any more. Ask your school for a new one.")
WRONG_USE = N_("It is for something else than showing who you are.")
NOBODY = N_("It is not a person's.")
SUSPENDED = N_("Its holder's account is suspended. Ask your school.")


def check_shown(session: Session, der: bytes, now: datetime) -> IssuedCertificate:
    """The row of a certificate for showing who one is (RFC 5280 §4.2.1.12 clientAuth) that is good now, with those above it.

    Raises :class:`CertificateRefused`, whose reason may be told to whoever shows it.
    """
    try:
        shown = Certificate(der)
    except CryptoError:
        raise CertificateRefused(reason=OTHER) from None
    row = session.scalar(select(IssuedCertificate).where(IssuedCertificate.fingerprint == shown.fingerprint.hex()))
    if row is None or row.der != der:
        raise CertificateRefused(reason=OTHER)
    ended = revocation.current(session, row)
    if ended is not None:
        raise CertificateRefused(reason=HELD if ended.reason == Reason.CERTIFICATE_HOLD else REVOKED)
    chain = token_keys.full_chain(session, row)
    try:
        validate_path(chain[:-1], chain[-1], PathRules(at=now, purpose=oids.CLIENT_AUTH, key_usage=DIGITAL_SIGNATURE))
    except (Expired, NotYetValid):
        raise CertificateRefused(reason=OUTDATED) from None
    except CryptoError:
        raise CertificateRefused(reason=WRONG_USE) from None
    if not token_keys.is_good(session, chain, now):
        raise CertificateRefused(reason=ENDED_ABOVE)
    return row


def check_person(session: Session, der: bytes, now: datetime) -> tuple[IssuedCertificate, Person]:
    """As :func:`check_shown`, of somebody who may sign in. Raises :class:`CertificateRefused`."""
    row = check_shown(session, der, now)
    person = session.get(Person, row.person_id) if row.person_id is not None else None
    if person is None:
        raise CertificateRefused(reason=NOBODY)
    if person.status != PersonStatus.ACTIVE:
        raise CertificateRefused(reason=SUSPENDED)
    return row, person


def app_checker(deployment: Deployment) -> Callable[[bytes, datetime], str | None]:
    """For whoever authenticates apps: whether a certificate is one of ours and good, and which app of the register it was issued
    to; ``None`` for one of a device or a person. The function raises :class:`CertificateRefused`.
    """

    def check(der: bytes, now: datetime) -> str | None:
        with deployment.reading() as session:
            return subjects.app_id_of(Certificate(check_shown(session, der, now).der))

    return check
