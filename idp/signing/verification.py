"""The verdict on a signature: what was checked, what it says, and where it fails the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from idp.crypto import sm2
from idp.crypto.der import oids, signature_from_der
from idp.crypto.errors import CryptoError, InvalidSignature
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms import verify as messages
from idp.crypto.x509.cms.attributes import are_signed_attributes
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.errors import AmbiguousDocument, DocumentNeeded, NotSignedBySigner
from idp.crypto.x509.cms.signed_data import SignedData, SignerInfo
from idp.crypto.x509.crl import RevocationList
from idp.crypto.x509.errors import InvalidTimeStamp, WrongUsage
from idp.crypto.x509.extensions import KeyUsage
from idp.crypto.x509.extensions.usage import DIGITAL_SIGNATURE, NON_REPUDIATION
from idp.crypto.x509.path import PathRules
from idp.crypto.x509.timestamp import MessageImprint, TimeStampInfo, TimeStampToken
from idp.crypto.x509.timestamp.verify import check_token
from idp.signing import trust
from idp.signing.trust import Trust


@dataclass
class Verdict:
    """On one signature. ``checked`` are the checks that held, in their order; ``refusal`` is why the next did not."""

    checked: list[str] = field(default_factory=list)
    refusal: CryptoError | None = None
    certificate: Certificate | None = None
    root: Certificate | None = None
    at: datetime | None = None
    signing_time: datetime | None = None
    stamp: TimeStampInfo | None = None

    @property
    def valid(self) -> bool:
        """Whether every check held."""
        return self.refusal is None

    def to_json(self) -> dict[str, Any]:
        """For programs: hexadecimal digests, times in UTC."""
        found: dict[str, Any] = {"valid": self.valid, "checked": list(self.checked), "refusal": refusal(self.refusal)}
        if self.certificate is not None:
            found["certificate"] = described(self.certificate)
        found["trusted_root"] = self.root.fingerprint.hex() if self.root is not None else None
        found["verified_at"] = self.at.isoformat() if self.at is not None else None
        found["signing_time"] = self.signing_time.isoformat() if self.signing_time is not None else None
        if self.stamp is not None:
            by = str(self.stamp.authority) if self.stamp.authority is not None else None
            found["timestamp"] = {"at": self.stamp.at.isoformat(), "authority": by, "serial": f"{self.stamp.serial_number:x}"}
        return found


def described(certificate: Certificate) -> dict[str, str]:
    """A certificate in words."""
    return {
        "subject": str(certificate.subject),
        "issuer": str(certificate.issuer),
        "serial": f"{certificate.serial_number:x}",
        "fingerprint": certificate.fingerprint.hex(),
        "not_before": certificate.tbs.not_before.isoformat(),
        "not_after": certificate.tbs.not_after.isoformat(),
    }


def refusal(error: CryptoError | None) -> dict[str, str] | None:
    """Why, as a code that stays and a sentence."""
    return {"code": error.code, "message": str(error)} if error is not None else None


@dataclass(frozen=True)
class Judge:
    """What a verdict rests on. ``lists`` are lists of revoked certificates that came with the question, ``others`` certificates."""

    session: Session
    trust: Trust
    now: datetime
    lists: Sequence[RevocationList] = ()
    others: Sequence[Certificate] = ()

    def message(self, message: SignedData, given: Document | None) -> list[Verdict]:
        """On each signature of a message. Raises ``DocumentMissing`` where there is nothing to check it against, and
        ``OtherDocument`` for one that holds another than what is given.
        """
        document = messages.document_of(message, given)
        return [self._signer(message, signer, document) for signer in message.signers]

    def raw(self, signature: bytes, document: Document, certificate: Certificate) -> Verdict:
        """On a bare signature by the key of a certificate."""
        verdict = Verdict(certificate=certificate, at=self.now)
        try:
            check_raw(certificate.public_key, signature, document)
            verdict.checked.append("signature")
            self._check_signer(verdict, certificate, ())
        except CryptoError as error:
            verdict.refusal = error
        return verdict

    def _signer(self, message: SignedData, signer: SignerInfo, document: Document) -> Verdict:
        verdict = Verdict(at=self.now, signing_time=signer.signing_time)
        try:
            certificate = messages.signer_certificate(message, signer, self.others)
            verdict.certificate = certificate
            messages.check_signature(message, signer, certificate, document)
            verdict.checked.append("signature")
            if signer.timestamp is not None:
                verdict.stamp = self._stamp(signer)
                verdict.at = verdict.stamp.at
                verdict.checked.append("timestamp")
            self._check_signer(verdict, certificate, message.certificates)
        except CryptoError as error:
            verdict.refusal = error
        return verdict

    def _check_signer(self, verdict: Verdict, certificate: Certificate, along: Sequence[Certificate]) -> None:
        usage = certificate.extensions.get(KeyUsage)
        if usage is None or not {DIGITAL_SIGNATURE, NON_REPUDIATION} & usage.bits:
            raise WrongUsage(detail=str(certificate.subject))
        verdict.checked.append("usage")
        at = verdict.at or self.now
        others = (*along, *self.others)
        verdict.root = trust.check(self.session, self.trust, certificate, others=others, at=at, lists=self.lists)
        verdict.checked += ["path", "revocation"]

    def _stamp(self, signer: SignerInfo) -> TimeStampInfo:
        """RFC 3161 Appendix A: a token over the signature, by an authority that is believed."""
        token = TimeStampToken.from_der(signer.timestamp or b"")
        if token.info.at > self.now:
            raise InvalidTimeStamp(detail="a stamp from the future")
        known = (*token.certificates, *self.trust.known)
        stampers = [one for one in known if token.signing_certificate.is_of(one)]
        if not stampers:
            raise InvalidTimeStamp(detail="the certificate of the time-stamp authority is not at hand")
        trust.check_not_compromised(self.session, stampers[0])
        at = token.info.at
        root = trust.check(self.session, self.trust, stampers[0], others=known, at=at, lists=self.lists, purpose=oids.TIME_STAMPING)
        imprint = MessageImprint.of(signer.encoded_signature, token.info.imprint.algorithm.algorithm)
        return check_token(token, imprint, root, PathRules(at=at), others=self.trust.known)


def check_raw(key: sm2.PublicKey, signature: bytes, document: Document) -> None:
    """Raises ``NotSignedBySigner`` unless ``signature`` (DER, or r‖s) is by ``key`` over the document; ``MalformedDER``,
    ``DocumentNeeded``, ``AmbiguousDocument``.
    """
    if document.content is None:
        raise DocumentNeeded
    if are_signed_attributes(document.content):
        raise AmbiguousDocument
    plain = signature if len(signature) == sm2.SIGNATURE_BYTES else signature_from_der(signature)
    try:
        sm2.verify(key, document.content, plain)
    except InvalidSignature:
        raise NotSignedBySigner from None
