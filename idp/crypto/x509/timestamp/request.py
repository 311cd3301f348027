"""TimeStampReq (RFC 3161 §2.4.1)."""

from dataclasses import dataclass

from idp.crypto.der import Reader, tags, writer
from idp.crypto.x509.errors import UnknownTimeStampExtension, UnsupportedTimeStampVersion
from idp.crypto.x509.timestamp.imprint import MessageImprint

MAX_BYTES, MAX_NONCE_BYTES = 1 << 12, 32  # our policy
_V1 = 1


@dataclass(frozen=True, slots=True)
class TimeStampRequest:
    """What is to be stamped, under which policy if it matters, by which nonce the answer is known, and whether the
    certificate is to come along.
    """

    imprint: MessageImprint
    policy: str | None = None
    nonce: int | None = None
    certificate_wanted: bool = False

    @classmethod
    def from_der(cls, der: bytes) -> "TimeStampRequest":
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm``, :class:`UnsupportedTimeStampVersion`,
        :class:`UnknownTimeStampExtension`."""
        reader = Reader(der, limit=MAX_BYTES)
        inner = reader.sequence()
        reader.finish()
        if inner.integer() != _V1:
            raise UnsupportedTimeStampVersion
        imprint = MessageImprint.read(inner)
        policy = inner.oid() if inner.next_is(tags.OBJECT_IDENTIFIER) else None
        nonce = read_nonce(inner)
        certificate_wanted = inner.default_false()
        if inner.next_is(tags.context(0, constructed=True)):
            inner.any_element()
            inner.finish()
            # RFC 3161 §2.4.1: an extension that is not known, critical or not, ends in a refusal. We know none.
            raise UnknownTimeStampExtension
        inner.finish()
        return cls(imprint, policy, nonce, certificate_wanted)

    def encode(self) -> bytes:
        """Its DER."""
        return writer.sequence(
            writer.integer(_V1),
            self.imprint.encode(),
            writer.oid(self.policy) if self.policy is not None else b"",
            writer.integer(self.nonce) if self.nonce is not None else b"",
            writer.default_false(self.certificate_wanted),
        )


def read_nonce(reader: Reader) -> int | None:
    """The nonce, where one stands next. Raises ``MalformedDER`` for one that is longer than anybody needs."""
    if not reader.next_is(tags.INTEGER):
        return None
    at = reader.position
    nonce = reader.integer()
    if reader.position - at - 2 > MAX_NONCE_BYTES:
        raise reader.fail("a nonce that is too long", at)
    return nonce
