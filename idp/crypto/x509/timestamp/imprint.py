"""MessageImprint (RFC 3161 §2.4.1): the digest of what is stamped. What is stamped itself never comes here."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from idp.crypto import sm3
from idp.crypto.der import AlgorithmIdentifier, Reader, oids, writer
from idp.crypto.errors import UnsupportedAlgorithm

_NEW: dict[str, Callable[[], Any]] = {
    oids.SM3: lambda: sm3.new(b""),
    oids.SHA256: hashlib.sha256,
    oids.SHA384: hashlib.sha384,
    oids.SHA512: hashlib.sha512,
}
NAMES = {"sm3": oids.SM3, "sha256": oids.SHA256, "sha384": oids.SHA384, "sha512": oids.SHA512}


@dataclass(frozen=True, slots=True)
class MessageImprint:
    """A digest by SM3 or SHA-2, and which of them. ``algorithm`` is kept as it was written: the answer repeats it byte for byte."""

    algorithm: AlgorithmIdentifier
    digest: bytes

    @classmethod
    def of(cls, message: bytes, algorithm: str = oids.SM3) -> "MessageImprint":
        """Of a message that is at hand. Raises :class:`UnsupportedAlgorithm`."""
        state = new(algorithm)
        state.update(message)
        return cls(AlgorithmIdentifier(algorithm), state.digest())

    @classmethod
    def read(cls, reader: Reader) -> "MessageImprint":
        """The next element. Raises ``MalformedDER``, :class:`UnsupportedAlgorithm`."""
        inner = reader.sequence()
        algorithm = AlgorithmIdentifier.read(inner)
        at = inner.position
        digest = inner.octets()
        inner.finish()
        if not algorithm.without_parameters or algorithm.algorithm not in _NEW:
            raise UnsupportedAlgorithm(algorithm=algorithm.algorithm[:64])
        if len(digest) != new(algorithm.algorithm).digest_size:  # RFC 3161 §2.4.1
            raise inner.fail("a digest of the wrong length", at)
        return cls(algorithm, digest)

    def encode(self) -> bytes:
        """Its DER."""
        return writer.sequence(self.algorithm.encode(), writer.octets(self.digest))

    def is_same(self, other: "MessageImprint") -> bool:
        """Whether the same is meant: NULL parameters and none are alike."""
        return (self.algorithm.algorithm, self.digest) == (other.algorithm.algorithm, other.digest)


def new(algorithm: str) -> Any:
    """A digest to be fed. Raises :class:`UnsupportedAlgorithm`."""
    if algorithm not in _NEW:
        raise UnsupportedAlgorithm(algorithm=algorithm[:64])
    return _NEW[algorithm]()
