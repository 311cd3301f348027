"""``AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }`` (RFC 5280 §4.1.1.2)."""

from dataclasses import dataclass

from idp.crypto.der import writer
from idp.crypto.der.reader import Reader


@dataclass(frozen=True, slots=True)
class AlgorithmIdentifier:
    """An algorithm, and its parameters as they are encoded; ``b""`` where they are absent."""

    algorithm: str
    parameters: bytes = b""

    @classmethod
    def read(cls, reader: Reader) -> "AlgorithmIdentifier":
        """The next element. Raises ``MalformedDER``."""
        inner = reader.sequence()
        algorithm = inner.oid()
        parameters = b"" if inner.at_end() else inner.any_element()
        inner.finish()
        return cls(algorithm, parameters)

    def encode(self) -> bytes:
        """Its DER."""
        return writer.sequence(writer.oid(self.algorithm), self.parameters)

    @property
    def without_parameters(self) -> bool:
        """Whether the parameters are absent or NULL, which means the same wherever an algorithm has none."""
        return self.parameters in (b"", writer.NULL)
