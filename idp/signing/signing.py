"""Signing a document: the signature and the record of it in one transaction, and handed out after it."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification.authorities import chain_of
from idp.certification.errors import NoTimeStampService
from idp.certification.office import Office
from idp.certification.tables import CertificateAuthority
from idp.certification.timestamping import keys as timestamp_keys
from idp.certification.timestamping import stamps as timestamps
from idp.crypto.der import signature_to_der
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms import signing as messages
from idp.crypto.x509.cms.attributes import are_signed_attributes
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.errors import AmbiguousDocument, DocumentNeeded
from idp.crypto.x509.cms.syntax import INTERNATIONAL, NATIONAL, SM3
from idp.crypto.x509.timestamp import MessageImprint, TimeStampInfo, TimeStampRequest, TimeStampResponse
from idp.signing import keys
from idp.signing.keys import Use
from idp.signing.permissions import Operation
from idp.signing.tables import SigningKey

Form = Literal["gmt0010", "cms", "raw"]
SYNTAXES = {"gmt0010": NATIONAL, "cms": INTERNATIONAL}


@dataclass(frozen=True)
class Wanted:
    """``form`` is ``gmt0010``, ``cms`` or ``raw``: a bare SM2 signature. A time-stamp is by the service of the key's authority,
    or of the next above it that has one.
    """

    document: Document
    form: Form = "gmt0010"
    attached: bool = False
    timestamp: bool = False

    @property
    def operation(self) -> Operation:
        """What an app has to be allowed for it."""
        return Operation.SIGN_RAW if self.form == "raw" else Operation.SIGN


@dataclass(frozen=True)
class Signed:
    """``signature`` is a message in DER, or for ``raw`` the signature in DER (GM/T 0009)."""

    signature: bytes
    certificate: Certificate
    version: int


def sign(tx: Transaction, office: Office, key: SigningKey, wanted: Wanted) -> Signed:
    """Raises ``KeyNotUsable``, ``WrongUse``, ``DocumentNeeded``, ``AmbiguousDocument``, ``NoTimeStampService``."""
    keys.check_use(key, Use.SIGN)
    version, row = keys.check_usable(tx.session, key, tx.now)
    certificate = Certificate(row.der)
    signer = keys.signer(office, key, version)
    authority = keys.authority_of(tx.session, key)
    if wanted.form == "raw":
        signature = signature_to_der(signer.sign(_bytes_to_sign(wanted.document)))
    else:
        signature = messages.sign(
            wanted.document,
            signer,
            certificate,
            at=tx.now.replace(microsecond=0),
            attached=wanted.attached,
            along=chain_of(authority)[:-1],
            syntax=SYNTAXES[wanted.form],
            stamp=stamper(tx, office, authority) if wanted.timestamp else None,
        )
    detail = {
        "operation": wanted.operation.value,
        "format": wanted.form,
        "digest": wanted.document.digest.hex(),
        "version": version.number,
        "certificate": row.serial,
        "timestamp": wanted.timestamp,
    }
    tx.record(Action.DOCUMENT_SIGNED, subject=f"signing_key:{key.name}", institution=authority.institution, detail=detail)
    return Signed(signature, certificate, version.number)


@dataclass(frozen=True)
class Stamped:
    """The answer of a time-stamp service (DER), and what its stamp says."""

    response: bytes
    info: TimeStampInfo


def stamp(tx: Transaction, office: Office, authority: CertificateAuthority, document: Document) -> Stamped:
    """A time-stamp of a document, by the authority's service. Raises ``NoTimeStampService``, ``InvalidTimeStamp`` for a refusal."""
    asked = TimeStampRequest(MessageImprint(SM3, document.digest), certificate_wanted=True)
    response = timestamps.reply(tx, office, authority, asked)
    info = TimeStampResponse.from_der(response).granted().info
    detail = {"digest": document.digest.hex(), "serial": f"{info.serial_number:x}"}
    tx.record(Action.DOCUMENT_STAMPED, subject=f"authority:{authority.name}", institution=authority.institution, detail=detail)
    return Stamped(response, info)


def stamping_authority(session: Session, authority: CertificateAuthority) -> CertificateAuthority:
    """The authority itself, or the next one above it that gives time-stamps. Raises ``NoTimeStampService``."""
    one: CertificateAuthority | None = authority
    while one is not None:
        try:
            timestamp_keys.of(session, one)
        except NoTimeStampService:
            one = session.get(CertificateAuthority, one.parent_id) if one.parent_id is not None else None
        else:
            return one
    raise NoTimeStampService(name=authority.name)


def stamper(tx: Transaction, office: Office, authority: CertificateAuthority) -> messages.Stamp:
    """What stamps a signature in the same transaction."""
    service = stamping_authority(tx.session, authority)

    def stamp(signature: bytes) -> bytes:
        asked = TimeStampRequest(MessageImprint.of(signature), certificate_wanted=True)
        return TimeStampResponse.from_der(timestamps.reply(tx, office, service, asked)).granted().der

    return stamp


def _bytes_to_sign(document: Document) -> bytes:
    # Our policy: never a bare number. Whoever signs SM3(Z ‖ M) for others knows neither M nor what it is a signature of.
    if document.content is None:
        raise DocumentNeeded
    if are_signed_attributes(document.content):
        raise AmbiguousDocument
    return document.content
