"""Whether a signature is by its signer and over its document. Whether the signer may be trusted is another question."""

from collections.abc import Sequence
from hmac import compare_digest

from idp.crypto import sm2
from idp.crypto.errors import InvalidSignature
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms.attributes import are_signed_attributes
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.errors import (
    AmbiguousDocument,
    DocumentMissing,
    DocumentNeeded,
    InvalidMessage,
    NotSignedBySigner,
    OtherDocument,
    SignerNotAtHand,
)
from idp.crypto.x509.cms.signed_data import SignedData, SignerInfo


def document_of(message: SignedData, given: Document | None = None) -> Document:
    """What the message is about: what it holds, or what is ``given`` for a detached one; both must be the same.

    Raises :class:`DocumentMissing`, :class:`OtherDocument`.
    """
    if message.content is None:
        if given is None:
            raise DocumentMissing
        return given
    held = Document.of(message.content)
    if given is not None and not compare_digest(held.digest, given.digest):
        raise OtherDocument
    return held


def signer_certificate(message: SignedData, signer: SignerInfo, others: Sequence[Certificate] = ()) -> Certificate:
    """The certificate that a signature names, from the message or ``others``. Raises :class:`SignerNotAtHand`."""
    for one in (*message.certificates, *others):
        named = (one.issuer, one.serial_number) == (signer.issuer, signer.serial_number)
        if named and (signer.signing_certificate is None or signer.signing_certificate.is_of(one)):
            return one
    raise SignerNotAtHand


def check_signature(message: SignedData, signer: SignerInfo, certificate: Certificate, document: Document) -> None:
    """Raises :class:`OtherDocument`, :class:`NotSignedBySigner`, :class:`DocumentNeeded`, :class:`AmbiguousDocument` or
    :class:`InvalidMessage` unless ``signer`` signed ``document`` with the key of ``certificate``.
    """
    signed = signer.signed
    if signed is None:
        if document.content is None:
            raise DocumentNeeded
        if are_signed_attributes(document.content):
            raise AmbiguousDocument
        signed = document.content
    else:
        if signer.content_type != message.content_type:  # RFC 5652 §11.1
            raise InvalidMessage(detail="signed attributes of another content")
        if signer.message_digest is None or not compare_digest(signer.message_digest, document.digest):  # §11.2
            raise OtherDocument
    try:
        sm2.verify(certificate.public_key, signed, signer.signature)
    except InvalidSignature:
        raise NotSignedBySigner from None
