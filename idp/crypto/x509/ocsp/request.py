"""OCSPRequest (RFC 6960 §4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from idp.crypto.der import Reader, oids, tags, writer
from idp.crypto.x509.errors import InvalidOCSPRequest
from idp.crypto.x509.extensions import Extensions, Kinds, OCSPNonce
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.ocsp.cert_id import CertID

MAX_BYTES, MAX_ITEMS = 1 << 13, 32  # our policy
_KINDS: Kinds = {oids.OCSP_NONCE: OCSPNonce}


@dataclass(frozen=True, slots=True)
class OCSPRequest:
    """Which certificates are asked about. Who asks, and a signature by which it says so, are read and not looked at."""

    certificates: tuple[CertID, ...]
    nonce: bytes | None = None

    @classmethod
    def from_der(cls, der: bytes) -> "OCSPRequest":
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm`` and the errors of this room."""
        reader = Reader(der, limit=MAX_BYTES)
        outer = reader.sequence()
        reader.finish()
        inner = outer.sequence()
        if not outer.at_end():
            outer.explicit(0).any_element()  # RFC 6960 §4.1.2: a signature is optional, and ours to ask for
        outer.finish()
        if inner.next_is(tags.context(0, constructed=True)):
            raise inner.fail("a version other than 1, or the default written out")
        name = inner.optional_explicit(1)
        if name is not None:
            GeneralName.read(name)
            name.finish()
        certificates = _read_list(inner.sequence())
        extensions = _read_extensions(inner.optional_explicit(2))
        inner.finish()
        nonce = extensions.get(OCSPNonce) if extensions is not None else None
        return cls(certificates, nonce.value if nonce is not None else None)

    def encode(self) -> bytes:
        """Its DER, unsigned."""
        extensions = b""
        if self.nonce is not None:
            extensions = writer.explicit(2, Extensions.of((OCSPNonce(self.nonce), False)).encode())
        requests = writer.sequence(*(writer.sequence(one.encode()) for one in self.certificates))
        return writer.sequence(writer.sequence(requests, extensions))


def _read_list(reader: Reader) -> tuple[CertID, ...]:
    found: list[CertID] = []
    while not reader.at_end():
        one = reader.sequence()
        found.append(CertID.read(one))
        _read_extensions(one.optional_explicit(0))
        one.finish()
    check_items(found)
    return tuple(found)


def check_items(items: Sequence[object]) -> None:
    """At least one and not too many. Raises :class:`InvalidOCSPRequest`."""
    if not 1 <= len(items) <= MAX_ITEMS:
        raise InvalidOCSPRequest(detail=f"{len(items)} certificates")


def _read_extensions(reader: Reader | None) -> Extensions | None:
    if reader is None:
        return None
    extensions = Extensions.read(reader, _KINDS)
    reader.finish()
    unknown = extensions.unknown_critical()
    if unknown is not None:  # RFC 6960 §4.4
        raise InvalidOCSPRequest(detail=f"a critical extension: {unknown}")
    return extensions
