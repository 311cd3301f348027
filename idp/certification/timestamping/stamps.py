"""Giving time-stamps (RFC 3161). What is stamped never comes here, only its digest, and not even that is kept.

A number is taken by one statement that sees the number before it, is higher than every one before, and never below the clock: of
any number of questions at once each gets its own, also from a database that was put back to an earlier day. A number and the record
of its token are written before the token is handed out.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, update
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.certification.authorities import chain_of
from idp.certification.errors import TooManyTimeStamps
from idp.certification.office import Office
from idp.certification.status import revocation
from idp.certification.tables import CertificateAuthority, IssuedCertificate, TimeStamp, TimeStampAuthority
from idp.certification.timestamping import keys as timestamp_keys
from idp.crypto import sm3
from idp.crypto.errors import CryptoError, UnsupportedAlgorithm
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import UnknownTimeStampExtension, UnsupportedTimeStampVersion
from idp.crypto.x509.timestamp import FailureInfo, TimeStampInfo, TimeStampRequest
from idp.crypto.x509.timestamp.imprint import NAMES
from idp.crypto.x509.timestamp.response import granted, refusal
from idp.crypto.x509.timestamp.token import sign_token
from idp.mfa import limits
from idp.sms.limits import networks

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Refused:
    """A question that gets no stamp, and the bit that says why."""

    failure: FailureInfo

    @property
    def der(self) -> bytes:
        """The answer."""
        return refusal(self.failure)


def digests_of(setting: str) -> frozenset[str]:
    """The identifiers of the digests that ``ca_timestamp_digests`` names."""
    return frozenset(NAMES[name] for name in setting.split(","))


def question(der: bytes, digests: Collection[str]) -> TimeStampRequest | Refused:
    """The question, or the word of RFC 3161 §2.4.2 why it is none. Never raises for what a stranger sent."""
    try:
        asked = TimeStampRequest.from_der(der)
    except UnsupportedAlgorithm:
        return Refused(FailureInfo.BAD_ALG)
    except UnsupportedTimeStampVersion:
        return Refused(FailureInfo.BAD_REQUEST)
    except UnknownTimeStampExtension:
        return Refused(FailureInfo.UNACCEPTED_EXTENSION)
    except CryptoError:
        return Refused(FailureInfo.BAD_DATA_FORMAT)
    return asked if asked.imprint.algorithm.algorithm in digests else Refused(FailureInfo.BAD_ALG)


def check_allowance(tx: Transaction, address: str | None, per_minute: int) -> None:
    """One stamp more for the network of an address: of IPv6 a /64, which is one household or one server.

    Counted in the transaction that stamps, so that what is refused costs no write. Raises :class:`TooManyTimeStamps`.
    """
    if address is None:
        return
    key = f"stamps:{networks(address)[0]}"
    if limits.count(tx, key, MINUTE) > per_minute:
        raise TooManyTimeStamps(limits.seconds_left(tx.session, key, tx.now))


def reply(tx: Transaction, office: Office, authority: CertificateAuthority, asked: TimeStampRequest) -> bytes:
    """The answer in DER: a token, or why there is none. Raises ``NoTimeStampService``."""
    service = timestamp_keys.of(tx.session, authority)
    if asked.policy is not None and asked.policy != service.policy:
        return refusal(FailureInfo.UNACCEPTED_POLICY)
    own = tx.session.get_one(IssuedCertificate, service.certificate_id)
    # Nobody could believe it.
    if not own.not_before <= tx.now <= own.not_after or revocation.current(tx.session, own) is not None:
        return refusal(FailureInfo.SYSTEM_FAILURE)
    certificate = Certificate(own.der)
    serial = _next_serial(tx, service)
    info = TimeStampInfo(
        policy=service.policy,
        imprint=asked.imprint,
        serial_number=serial,
        at=tx.now.replace(microsecond=0),
        # The time is cut to whole seconds, which the accuracy must cover.
        accuracy=timedelta(milliseconds=service.accuracy_ms),
        nonce=asked.nonce,
        authority=certificate.subject,
    )
    # RFC 3161 §2.4.1: the certificate comes along only where it was asked for. With those above it, but for the root.
    along = (certificate, *chain_of(authority)[:-1]) if asked.certificate_wanted else ()
    token = sign_token(info, office.timestamper(authority, service), certificate, along)
    given = TimeStamp(authority_id=authority.id, serial=serial, certificate_id=own.id, at=info.at, digest=sm3.digest(token).hex())
    tx.session.add(given)
    tx.session.flush()
    return granted(token)


def count(session: Session, authority: CertificateAuthority) -> int:
    """How many stamps the authority has given."""
    return session.query(TimeStamp).filter(TimeStamp.authority_id == authority.id).count()


def _next_serial(tx: Transaction, service: TimeStampAuthority) -> int:
    floor = int(tx.now.timestamp() * 1_000_000)
    serial = TimeStampAuthority.serial
    taking = (
        update(TimeStampAuthority)
        .where(TimeStampAuthority.authority_id == service.authority_id)
        .values(serial=case((serial < floor, floor), else_=serial + 1))
        .returning(serial)
        .execution_options(synchronize_session=False)
    )
    return tx.session.execute(taking).scalar_one()
