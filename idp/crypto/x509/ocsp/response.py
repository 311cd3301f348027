"""OCSPResponse (RFC 6960 §4.2): an answer of one kind, basic, signed with SM2; or the word why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from idp.crypto.der import AlgorithmIdentifier, Reader, oids, tags, writer
from idp.crypto.jose.signer import Signer
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import InvalidOCSPResponse
from idp.crypto.x509.extensions import Extensions, Kinds, OCSPNonce
from idp.crypto.x509.name import Name, read_tagged
from idp.crypto.x509.ocsp.request import MAX_ITEMS
from idp.crypto.x509.ocsp.single import SingleResponse
from idp.crypto.x509.signing import element_bytes, public_key_of, read_algorithm, read_signature, signed

MAX_BYTES, MAX_CERTIFICATES = 1 << 16, 4  # our policy
_BY_NAME, _BY_KEY = 1, 2


class ResponseStatus(IntEnum):
    """RFC 6960 §4.2.1. Four is not used."""

    SUCCESSFUL = 0
    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    SIG_REQUIRED = 5
    UNAUTHORIZED = 6


@dataclass(frozen=True, slots=True)
class ResponseData:
    """What is signed. The responder is a name, or the digest of a key: what is written is the name, since for the digest RFC 6960
    knows SHA-1 only.
    """

    responder: Name | bytes
    produced_at: datetime
    responses: tuple[SingleResponse, ...]
    nonce: bytes | None = None
    extended_revoke: bool = False

    @classmethod
    def read(cls, reader: Reader) -> "ResponseData":
        """The next element. Raises ``MalformedDER``, ``UnsupportedAlgorithm`` and the errors of this room."""
        inner = reader.sequence()
        by_name = inner.next_is(tags.context(_BY_NAME, constructed=True))
        responder = read_tagged(inner, _BY_NAME) if by_name else _read_key_hash(inner)
        produced_at = inner.generalized_time()
        listed, responses = inner.sequence(), []
        while not listed.at_end():
            responses.append(SingleResponse.read(listed))
        if not 1 <= len(responses) <= MAX_ITEMS:
            raise InvalidOCSPResponse(detail=f"{len(responses)} answers")
        nonce, extended_revoke = None, False
        found = inner.optional_explicit(1)
        if found is not None:
            extensions = Extensions.read(found, _KINDS)
            found.finish()
            if extensions.unknown_critical() is not None:
                raise InvalidOCSPResponse(detail=f"a critical extension: {extensions.unknown_critical()}")
            value = extensions.get(OCSPNonce)
            nonce, extended_revoke = value.value if value is not None else None, oids.OCSP_EXTENDED_REVOKE in extensions
        inner.finish()
        return cls(responder, produced_at, tuple(responses), nonce, extended_revoke)

    def encode(self) -> bytes:
        """Its DER."""
        if isinstance(self.responder, Name):
            responder = writer.explicit(_BY_NAME, self.responder.der)
        else:
            responder = writer.explicit(_BY_KEY, writer.octets(self.responder))
        values = []
        if self.nonce is not None:
            values.append((OCSPNonce(self.nonce), False))
        encoded = [extension.encode() for extension in Extensions.of(*values)]
        if self.extended_revoke:  # RFC 6960 §4.4.8: NULL
            encoded.append(writer.sequence(writer.oid(oids.OCSP_EXTENDED_REVOKE), writer.octets(writer.NULL)))
        return writer.sequence(
            responder,
            writer.generalized_time(self.produced_at),
            writer.sequence(*(one.encode() for one in self.responses)),
            writer.explicit(1, writer.sequence(*encoded)) if encoded else b"",
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A basic response: what is signed, the signature, and the certificates that came along."""

    data: ResponseData
    data_der: bytes
    algorithm: AlgorithmIdentifier
    signature: bytes
    certificates: tuple[Certificate, ...]

    @classmethod
    def read(cls, reader: Reader) -> "Answer":
        """The next element."""
        inner = reader.sequence()
        start = inner.position
        data_der = element_bytes(inner)
        inside = Reader(inner.data, limit=len(data_der), start=start, end=inner.position, depth=inner.depth)
        data = ResponseData.read(inside)
        algorithm, signature = read_algorithm(inner), read_signature(inner)
        certificates: list[Certificate] = []
        found = inner.optional_explicit(0)
        if found is not None:
            listed = found.sequence()
            while not listed.at_end() and len(certificates) < MAX_CERTIFICATES:
                certificates.append(Certificate(element_bytes(listed)))
            listed.finish()
            found.finish()
        inner.finish()
        return cls(data, data_der, algorithm, signature, tuple(certificates))


@dataclass(frozen=True, slots=True)
class OCSPResponse:
    """What came over the network. ``answer`` is there exactly when the status is successful; nothing is verified by reading."""

    status: ResponseStatus
    answer: Answer | None = None

    @classmethod
    def from_der(cls, der: bytes) -> "OCSPResponse":
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm`` and the errors of this room."""
        reader = Reader(der, limit=MAX_BYTES)
        outer = reader.sequence()
        reader.finish()
        try:
            status = ResponseStatus(outer.enumerated())
        except ValueError:
            raise InvalidOCSPResponse(detail="a status that does not exist") from None
        found = outer.optional_explicit(0)
        outer.finish()
        if (found is None) != (status is not ResponseStatus.SUCCESSFUL):
            raise InvalidOCSPResponse(detail="an answer without success, or success without an answer")
        if found is None:
            return cls(status)
        body = found.sequence()
        found.finish()
        if body.oid() != oids.OCSP_BASIC:
            raise InvalidOCSPResponse(detail="not a basic response")
        inside = body.octets_holding_der()
        body.finish()
        answer = Answer.read(inside)
        inside.finish()
        return cls(status, answer)


def refusal(status: ResponseStatus) -> bytes:
    """The DER of an answer that is none; it is not signed (RFC 6960 §2.3)."""
    return writer.sequence(writer.enumerated(status))


def sign_response(data: ResponseData, signer: Signer, certificates: Sequence[Certificate]) -> bytes:
    """The DER of a successful answer. ``certificates`` come along: the responder's own, unless the issuer itself signs.

    Raises ``UnsupportedAlgorithm`` for a signer that is not SM2, :class:`InvalidOCSPResponse` for the certificate of another key.
    """
    if certificates and certificates[0].public_key != public_key_of(signer):
        raise InvalidOCSPResponse(detail="the certificate of another key")
    along = writer.explicit(0, writer.sequence(*(one.der for one in certificates))) if certificates else b""
    basic = signed(data.encode(), signer, along)
    body = writer.sequence(writer.oid(oids.OCSP_BASIC), writer.octets(basic))
    return writer.sequence(writer.enumerated(ResponseStatus.SUCCESSFUL), writer.explicit(0, body))


_KINDS: Kinds = {oids.OCSP_NONCE: OCSPNonce}


def _read_key_hash(reader: Reader) -> bytes:
    inner = reader.explicit(_BY_KEY)
    digest = inner.octets()
    inner.finish()
    if len(digest) != 20:
        raise InvalidOCSPResponse(detail="a key digest that is not SHA-1")
    return digest
