"""Encrypting to certificates, and opening what was encrypted to a key of the service."""

from collections.abc import Sequence
from contextlib import suppress

from idp.audit import Action, Transaction
from idp.certification.office import Office
from idp.crypto import sm3
from idp.crypto.errors import CryptoError
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms.enveloped_data import EnvelopedData, envelop
from idp.crypto.x509.cms.errors import NotForThisKey
from idp.crypto.x509.cms.syntax import Syntax
from idp.crypto.x509.extensions import KeyUsage
from idp.crypto.x509.extensions.usage import DATA_ENCIPHERMENT, KEY_AGREEMENT, KEY_ENCIPHERMENT
from idp.signing import keys
from idp.signing.errors import RecipientNotFitting
from idp.signing.keys import Use
from idp.signing.tables import SigningKey

_ENCRYPTS = {KEY_ENCIPHERMENT, DATA_ENCIPHERMENT, KEY_AGREEMENT}


def check_recipient(certificate: Certificate) -> None:
    """Raises :class:`RecipientNotFitting` for a certificate that does not say it is for encryption (RFC 5280 §4.2.1.3)."""
    usage = certificate.extensions.get(KeyUsage)
    if usage is None or not _ENCRYPTS & usage.bits:
        raise RecipientNotFitting


def recipient(tx: Transaction, key: SigningKey) -> Certificate:
    """The certificate to encrypt to for a key of the service. Raises ``WrongUse``, ``KeyNotUsable``."""
    keys.check_use(key, Use.ENCRYPT)
    return Certificate(keys.check_usable(tx.session, key, tx.now)[1].der)


def seal(tx: Transaction, content: bytes, recipients: Sequence[Certificate], syntax: Syntax) -> bytes:
    """An envelope, and the record of it. That the recipients are good is the caller's to see to."""
    for one in recipients:
        check_recipient(one)
    message = envelop(content, recipients, syntax=syntax)
    detail = {"digest": sm3.digest(content).hex(), "recipients": [one.fingerprint.hex() for one in recipients]}
    subject = f"certificate:{recipients[0].serial_number:x}"
    tx.record(Action.DOCUMENT_ENVELOPED, subject=subject, detail=detail)
    return message


def open_(tx: Transaction, office: Office, key: SigningKey, message: EnvelopedData) -> bytes:
    """What is in an envelope to any pair that the key ever had. Raises ``NotForThisKey``, ``DecryptionFailed``, ``WrongUse``,
    ``KeyNotUsable``.
    """
    keys.check_use(key, Use.ENCRYPT)
    keys.check_opens(tx.session, key)
    for version in keys.versions(tx.session, key):
        row = keys.certificate_row(tx.session, version)
        with suppress(NotForThisKey):
            content = message.open(Certificate(row.der), keys.decrypter(office, key, version))
            _record(tx, key, {"digest": sm3.digest(content).hex(), "version": version.number, "certificate": row.serial})
            return content
    raise NotForThisKey


def record_refusal(tx: Transaction, key: SigningKey, message: bytes, error: CryptoError) -> None:
    """A try that did not open is written down too: many of them are how somebody would look for what is inside."""
    _record(tx, key, {"envelope": sm3.digest(message).hex(), "error": error.code}, outcome="failure")


def _record(tx: Transaction, key: SigningKey, detail: dict[str, object], *, outcome: str = "success") -> None:
    institution = keys.institution_of(tx.session, key)
    tx.record(Action.ENVELOPE_OPENED, subject=f"signing_key:{key.name}", institution=institution, detail=detail, outcome=outcome)
