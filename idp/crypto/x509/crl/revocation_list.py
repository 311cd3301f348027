"""A list of revoked certificates: what it says, and the signature over it."""

from functools import cached_property

from idp.crypto import pem, sm2
from idp.crypto.der import Reader
from idp.crypto.errors import InvalidSignature
from idp.crypto.jose.signer import Signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl.contents import RevocationListContents
from idp.crypto.x509.crl.entry import RevokedCertificate
from idp.crypto.x509.errors import AlgorithmMismatch, InvalidRevocationList, SignatureRefused
from idp.crypto.x509.extensions import BasicConstraints, CRLDistributionPoints, KeyUsage
from idp.crypto.x509.extensions.usage import CRL_SIGN
from idp.crypto.x509.signing import element_bytes, public_key_of, read_algorithm, read_signature, signed

PEM_LABEL = "X509 CRL"
MAX_BYTES = 1 << 26  # a million entries; our policy


class RevocationList:
    """One list, read strictly. Nothing is verified by reading it."""

    def __init__(self, der: bytes) -> None:
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm`` and the errors of this room."""
        reader = Reader(der, limit=MAX_BYTES)
        outer = reader.sequence()
        reader.finish()
        start = outer.position
        self.tbs_der = element_bytes(outer)
        algorithm = read_algorithm(outer)
        self.signature = read_signature(outer)
        outer.finish()
        inside = Reader(der, limit=len(der), start=start, end=start + len(self.tbs_der), depth=1)
        self.contents = RevocationListContents.read(inside)
        if self.contents.signature != algorithm:  # RFC 5280 §5.1.1.2
            raise AlgorithmMismatch
        self.der = bytes(der)

    @classmethod
    def from_pem(cls, text: str | bytes) -> "RevocationList":
        """The one list in a PEM text. Raises ``MalformedPEM`` too."""
        return cls(pem.decode(text, PEM_LABEL)[1])

    def to_pem(self) -> str:
        """The PEM."""
        return pem.encode(PEM_LABEL, self.der)

    @cached_property
    def _by_number(self) -> dict[int, RevokedCertificate]:
        return {entry.serial_number: entry for entry in self.contents.entries}

    def entry(self, serial_number: int) -> RevokedCertificate | None:
        """The entry of a certificate of this issuer, or nothing."""
        return self._by_number.get(serial_number)

    def is_about(self, certificate: Certificate) -> bool:
        """Whether the state of ``certificate`` stands in it: same issuer, and within its part (RFC 5280 §6.3.3 (b))."""
        if certificate.issuer != self.contents.issuer:
            return False
        part = self.contents.part
        if part is None:
            return True
        constraints = certificate.extensions.get(BasicConstraints)
        is_authority = constraints is not None and constraints.ca
        if (part.only_user and is_authority) or (part.only_authorities and not is_authority):
            return False
        points = certificate.extensions.get(CRLDistributionPoints)
        return not part.names or (points is not None and not points.names().isdisjoint(part.names))

    def check_follows(self, before: "RevocationList") -> None:
        """Raises :class:`InvalidRevocationList` where ``before`` is of the same issuer and part and has a higher number: an old
        list is put forward again, by mistake or to hide a revocation (RFC 5280 §5.2.3).
        """
        own, other = self.contents, before.contents
        if own.issuer == other.issuer and own.part == other.part and own.number < other.number:
            raise InvalidRevocationList(detail=f"number {own.number} after {other.number}")

    def check_signed_by(self, issuer: Certificate) -> None:
        """Raises :class:`SignatureRefused` unless the holder of ``issuer`` signed it and may (RFC 5280 §6.3.3 (f), (g))."""
        usage = issuer.extensions.get(KeyUsage)
        if issuer.subject != self.contents.issuer or (usage is not None and CRL_SIGN not in usage.bits):
            raise SignatureRefused(detail=str(self.contents.issuer))
        try:
            sm2.verify(issuer.public_key, self.tbs_der, self.signature)
        except InvalidSignature:
            raise SignatureRefused(detail=str(self.contents.issuer)) from None

    def __repr__(self) -> str:
        return f"RevocationList({str(self.contents.issuer)!r}, {self.contents.number})"


def sign_revocation_list(contents: RevocationListContents, signer: Signer, issuer: Certificate) -> bytes:
    """The DER of the list. Raises :class:`InvalidRevocationList` where ``signer`` and ``contents`` are not the issuer's."""
    if contents.issuer.der != issuer.subject.der or public_key_of(signer) != issuer.public_key:
        raise InvalidRevocationList(detail="not the issuer")
    return signed(contents.encode(), signer)
