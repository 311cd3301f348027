"""A certificate (RFC 5280 §4.1): what it says, and the signature over it, which is checked only by who knows the issuer."""

from functools import cached_property

from idp.crypto import pem, sm2, sm3
from idp.crypto.der import Reader
from idp.crypto.errors import InvalidSignature
from idp.crypto.x509.errors import AlgorithmMismatch, SignatureRefused
from idp.crypto.x509.extensions import BasicConstraints, Extensions
from idp.crypto.x509.kept import Kept
from idp.crypto.x509.name import Name
from idp.crypto.x509.signing import element_bytes, enclosed, read_algorithm, read_signature
from idp.crypto.x509.tbs import TBSCertificate

PEM_LABEL = "CERTIFICATE"
MAX_BYTES = 1 << 16
# Which key signed which certificate, the whole of it. Nothing else of a path is kept: times, names and states are looked at anew.
VERIFIED: Kept[bool] = Kept(2048, 4096)


class Certificate:
    """One certificate, read strictly. Nothing is verified by reading it: see :mod:`idp.crypto.x509.path`."""

    def __init__(self, der: bytes) -> None:
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm``, ``InvalidKey`` and the errors of this room."""
        reader = Reader(der, limit=MAX_BYTES)
        outer = reader.sequence()
        reader.finish()
        start = outer.position
        self.tbs_der = element_bytes(outer)
        algorithm = read_algorithm(outer)
        self.signature = read_signature(outer)
        outer.finish()
        self.tbs = TBSCertificate.read(Reader(der, limit=len(der), start=start, end=start + len(self.tbs_der), depth=1))
        if self.tbs.signature != algorithm:  # RFC 5280 §4.1.1.2: the very same, with its parameters
            raise AlgorithmMismatch
        self.der = bytes(der)

    @classmethod
    def of(cls, tbs: TBSCertificate, tbs_der: bytes, signature: bytes) -> "Certificate":
        """The one that was just signed: ``tbs_der`` is the encoding of ``tbs``, ``signature`` r‖s over it."""
        made = cls.__new__(cls)
        made.tbs, made.tbs_der, made.signature, made.der = tbs, tbs_der, signature, enclosed(tbs_der, signature)
        return made

    @classmethod
    def from_pem(cls, text: str | bytes) -> "Certificate":
        """The one certificate in a PEM text. Raises ``MalformedPEM`` too."""
        return cls(pem.decode(text, PEM_LABEL)[1])

    def to_pem(self) -> str:
        """The PEM."""
        return pem.encode(PEM_LABEL, self.der)

    @property
    def subject(self) -> Name:
        """Whose it is."""
        return self.tbs.subject

    @property
    def issuer(self) -> Name:
        """Who issued it."""
        return self.tbs.issuer

    @property
    def serial_number(self) -> int:
        """Its number, unique to its issuer."""
        return self.tbs.serial_number

    @property
    def public_key(self) -> sm2.PublicKey:
        """The key it certifies."""
        return self.tbs.public_key

    @property
    def extensions(self) -> Extensions:
        """Its extensions."""
        return self.tbs.extensions

    @property
    def is_authority(self) -> bool:
        """Whether it may issue certificates, as far as it says itself."""
        constraints = self.extensions.get(BasicConstraints)
        return constraints is not None and constraints.ca

    @property
    def is_self_issued(self) -> bool:
        """Whether subject and issuer are the same (RFC 5280 §6.1)."""
        return self.subject == self.issuer

    @cached_property
    def fingerprint(self) -> bytes:
        """SM3 over the whole."""
        return sm3.digest(self.der)

    def check_signed_by(self, key: sm2.PublicKey) -> None:
        """Raises :class:`SignatureRefused` unless ``key`` signed it. Says nothing of names, times or rights."""
        link = key.point, self.der
        if VERIFIED.get(link):
            return
        try:
            sm2.verify(key, self.tbs_der, self.signature)
        except InvalidSignature:
            raise SignatureRefused(detail=str(self.subject)) from None
        VERIFIED.keep(link, True, len(self.der))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    def __repr__(self) -> str:
        return f"Certificate({str(self.subject)!r}, {self.serial_number:x})"
