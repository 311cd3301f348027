"""Double certificates (双证书): the holder makes the signing key, we make the encryption key and keep it.

Who loses a signing key gets a new one; who loses an encryption key loses what was encrypted to it. So its private half is sealed
here, travels to the holder in an envelope that the signing key opens, and is recovered by two operators, to a certificate of the
register, with a reason that the journal keeps.
"""

import json
from dataclasses import dataclass

from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.certification import issuance
from idp.certification.ceremony import Ceremony
from idp.certification.errors import HolderNotFitting, NoSuchProfile, NotEscrowed, RecipientNotFitting
from idp.certification.issuance import Application
from idp.certification.office import Office
from idp.certification.profiles import Profile
from idp.certification.subjects import Holder, subject
from idp.certification.tables import CertificateAuthority, EscrowedKey, IssuedCertificate, Revocation
from idp.crypto import sm2
from idp.crypto.jose import SoftwareSigner
from idp.crypto.jose.algorithms import SM2_ALGORITHM
from idp.crypto.jose.sm2_key import SM2Key
from idp.crypto.key_files import enveloped_key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.extensions import KeyUsage
from idp.crypto.x509.extensions.usage import DIGITAL_SIGNATURE
from idp.crypto.x509.request import CertificateRequest, create_request
from idp.i18n import N_

_SIGNING, _ENCRYPTION = "-sign", "-enc"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two certificates of one holder. ``envelope`` is the encryption key in DER, to be opened with the signing key."""

    signing: IssuedCertificate
    encryption: IssuedCertificate
    envelope: bytes


def issue_pair(
    tx: Transaction, office: Office, authority: CertificateAuthority, profile: Profile, holder: Holder, request: CertificateRequest
) -> Pair:
    """Both certificates, and the key of the second, in one transaction. Raises :class:`HolderNotFitting` for a profile that has no
    second half, and what issuance raises.
    """
    try:
        second = office.profiles[profile.name.removesuffix(_SIGNING) + _ENCRYPTION]
    except NoSuchProfile:
        raise HolderNotFitting(reason=N_("the profile is not half of a pair")) from None
    signing = issuance.issue(tx, office, authority, Application(profile, holder, request))
    key = sm2.PrivateKey.generate()
    signer = SoftwareSigner(SM2_ALGORITHM, SM2Key(key.public_key, key))
    application = Application(second, holder, create_request(subject(second, holder), signer))
    encryption = issuance.issue(tx, office, authority, application)
    sealed = office.seal(signer, _context(encryption))
    tx.session.add(EscrowedKey(certificate_id=encryption.id, sealed=sealed, escrowed_at=tx.now))
    tx.session.flush()
    tx.record(Action.KEY_ESCROWED, subject=f"certificate:{encryption.serial}", institution=encryption.institution)
    return Pair(signing, encryption, enveloped_key.seal(key, request.public_key))


def recover(
    tx: Transaction, office: Office, row: IssuedCertificate, recipient: IssuedCertificate, reason: str, ceremony: Ceremony
) -> bytes:
    """The envelope anew, for the key of ``recipient``: the holder's new signing certificate, or whoever has a right to the key.

    Raises ``TwoOperatorsNeeded``, :class:`NotEscrowed`, :class:`RecipientNotFitting`.
    """
    ceremony.check()
    kept = tx.session.get(EscrowedKey, row.id)
    if kept is None:
        raise NotEscrowed(serial=row.serial)
    certificate = Certificate(recipient.der)
    _check_recipient(tx, recipient, certificate)
    jwk = json.loads(office.vault.open(kept.sealed, context=_context(row)))
    key = SM2Key.from_jwk(jwk).private_key
    if key is None:
        raise NotEscrowed(serial=row.serial)
    tx.record(
        Action.KEY_RECOVERED,
        subject=f"certificate:{row.serial}",
        institution=row.institution,
        detail={"operators": list(ceremony.operators), "recipient": recipient.serial, "reason": reason},
    )
    return enveloped_key.seal(key, certificate.public_key)


def is_escrowed(session: Session, row: IssuedCertificate) -> bool:
    """Whether the private key is kept here."""
    return session.get(EscrowedKey, row.id) is not None


def _check_recipient(tx: Transaction, recipient: IssuedCertificate, certificate: Certificate) -> None:
    usage = certificate.extensions.get(KeyUsage)
    signs = usage is not None and DIGITAL_SIGNATURE in usage.bits
    if (
        not recipient.not_before <= tx.now <= recipient.not_after
        or tx.session.get(Revocation, recipient.id) is not None
        or not signs
    ):
        raise RecipientNotFitting(serial=recipient.serial)


def _context(row: IssuedCertificate) -> str:
    return f"certificate:{row.serial}:escrow"
