"""Certificate signing requests (RFC 2986), accepted only with proof that the applicant holds the key."""

from dataclasses import dataclass

from idp.crypto import pem, sm2
from idp.crypto.der import Reader, oids, tags, writer
from idp.crypto.errors import InvalidSignature
from idp.crypto.jose.signer import Signer
from idp.crypto.key_files import spki
from idp.crypto.x509.errors import ProofOfPossessionFailed
from idp.crypto.x509.extensions import Extensions
from idp.crypto.x509.name import Name
from idp.crypto.x509.signing import element_bytes, public_key_of, read_algorithm, read_signature, signed

PEM_LABEL = "CERTIFICATE REQUEST"
PEM_LABELS = (PEM_LABEL, "NEW CERTIFICATE REQUEST")
MAX_BYTES = 1 << 14  # our policy
_VERSION = 0


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What an applicant asks for. Exists only when the key in it signed it; nothing else of it is proven."""

    subject: Name
    public_key: sm2.PublicKey
    extensions: Extensions | None
    der: bytes

    @classmethod
    def from_der(cls, der: bytes) -> "CertificateRequest":
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm``, ``InvalidKey``, :class:`ProofOfPossessionFailed` and the errors of
        names and extensions.
        """
        reader = Reader(der, limit=MAX_BYTES)
        outer = reader.sequence()
        reader.finish()
        start = outer.position
        info = element_bytes(outer)
        read_algorithm(outer)
        signature = read_signature(outer)
        outer.finish()
        subject, key, extensions = _read_info(Reader(der, limit=len(der), start=start, end=start + len(info), depth=1))
        try:
            sm2.verify(key, info, signature)
        except InvalidSignature:
            raise ProofOfPossessionFailed from None
        return cls(subject, key, extensions, bytes(der))

    @classmethod
    def from_pem(cls, text: str | bytes) -> "CertificateRequest":
        """The one request in a PEM text. Raises ``MalformedPEM`` too."""
        return cls.from_der(pem.decode(text, *PEM_LABELS)[1])

    def to_pem(self) -> str:
        """The PEM."""
        return pem.encode(PEM_LABEL, self.der)


def create_request(subject: Name, signer: Signer, extensions: Extensions | None = None) -> CertificateRequest:
    """A request for the signer's key. Raises ``UnsupportedAlgorithm`` for a signer that is not SM2."""
    key = public_key_of(signer)
    return CertificateRequest(subject, key, extensions, signed(encode_info(subject, key, extensions), signer))


def encode_info(subject: Name, key: sm2.PublicKey, extensions: Extensions | None) -> bytes:
    """CertificationRequestInfo."""
    attributes = []
    if extensions is not None:
        attributes.append(writer.sequence(writer.oid(oids.EXTENSION_REQUEST), writer.set_of([extensions.encode()])))
    return writer.sequence(
        writer.integer(_VERSION), subject.der, spki.encode(key), writer.set_of(attributes, tags.context(0, constructed=True))
    )


def _read_info(reader: Reader) -> tuple[Name, sm2.PublicKey, Extensions | None]:
    info = reader.sequence()
    info.version(_VERSION)
    subject, key, extensions = Name.read(info), spki.read(info), None
    for attribute in info.set_of(tags.context(0, constructed=True)):
        pair = attribute.sequence()
        if pair.oid() != oids.EXTENSION_REQUEST or extensions is not None:
            raise pair.fail("an attribute other than one extension request")  # a challengePassword has no use here
        values = list(pair.set_of())
        if len(values) != 1:
            raise pair.fail("an attribute without its one value")
        extensions = Extensions.read(values[0])
        values[0].finish()
        pair.finish()
    info.finish()
    return subject, key, extensions
