"""Signing a message: one signer, by issuer and number, with attributes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from idp.crypto import sm2
from idp.crypto.der import oids, signature_to_der, tags, writer
from idp.crypto.errors import InvalidKey
from idp.crypto.jose.signer import Signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms import attributes, signing_certificate
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.errors import DocumentNeeded, InvalidMessage
from idp.crypto.x509.cms.signed_data import issuer_and_serial
from idp.crypto.x509.cms.syntax import NATIONAL, SM3, Syntax
from idp.crypto.x509.signing import public_key_of

Stamp = Callable[[bytes], bytes]
"""From a signature as it stands in the message to a time-stamp token about it."""
_VERSION = 1


def sign(
    document: Document,
    signer: Signer,
    certificate: Certificate,
    *,
    at: datetime,
    attached: bool,
    along: Sequence[Certificate] = (),
    syntax: Syntax = NATIONAL,
    stamp: Stamp | None = None,
) -> bytes:
    """The DER of a signed message by the key of ``certificate``, which goes into it with ``along``, the ones above it.

    ``at`` is what the signer says of the time, in whole seconds; ``stamp`` lets somebody else say it. Raises
    ``UnsupportedAlgorithm`` for a signer that is not SM2, :class:`InvalidMessage` for the certificate of another key,
    :class:`DocumentNeeded` for a message that is to hold a document of which only the digest is known.
    """
    if attached and document.content is None:
        raise DocumentNeeded
    stated = {
        oids.CONTENT_TYPE: writer.oid(syntax.data),
        oids.MESSAGE_DIGEST: writer.octets(document.digest),
        oids.SIGNING_TIME: writer.time(at),
        oids.SIGNING_CERTIFICATE_V2: signing_certificate.encode(certificate),
    }
    info = sign_attributes(stated, signer, certificate, syntax, stamp)
    held = writer.explicit(0, writer.octets(document.content)) if attached and document.content is not None else b""
    return assemble(syntax, _VERSION, writer.sequence(writer.oid(syntax.data), held), (certificate, *along), info)


def sign_attributes(
    stated: Mapping[str, bytes], signer: Signer, certificate: Certificate, syntax: Syntax, stamp: Stamp | None = None
) -> bytes:
    """A SignerInfo with these attributes. Raises the same."""
    if public_key_of(signer) != certificate.public_key:
        raise InvalidMessage(detail="the certificate of another key")
    signature = signer.sign(attributes.encode(stated))
    if len(signature) != sm2.SIGNATURE_BYTES:
        raise InvalidKey(detail="the signer does not give r‖s")
    encoded = signature_to_der(signature)
    return writer.sequence(
        writer.integer(_VERSION),
        issuer_and_serial(certificate),
        SM3.encode(),
        attributes.encode(stated, tags.context(attributes.SIGNED, constructed=True)),
        syntax.signature.encode(),
        writer.octets(encoded),
        # RFC 3161 Appendix A.
        attributes.encode({oids.TIME_STAMP_TOKEN: stamp(encoded)}, tags.context(attributes.UNSIGNED, constructed=True))
        if stamp is not None
        else b"",
    )


def assemble(syntax: Syntax, version: int, content_info: bytes, certificates: Sequence[Certificate], signer_info: bytes) -> bytes:
    """The message around one SignerInfo."""
    along = writer.set_of([one.der for one in certificates], tags.context(0, constructed=True)) if certificates else b""
    signed_data = writer.sequence(
        writer.integer(version), writer.set_of([SM3.encode()]), content_info, along, writer.set_of([signer_info])
    )
    return writer.sequence(writer.oid(syntax.signed_data), writer.explicit(0, signed_data))
