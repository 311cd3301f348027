"""What is signed: a document, or its digest alone where it stays with its owner."""

from dataclasses import dataclass, field

from idp.crypto import sm3
from idp.crypto.errors import InvalidEncoding

_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Document:
    """``digest`` is SM3 over ``content``, which need not be here."""

    digest: bytes
    content: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Raises ``InvalidEncoding`` for what is no digest."""
        if len(self.digest) != _DIGEST_BYTES:
            raise InvalidEncoding

    @classmethod
    def of(cls, content: bytes) -> "Document":
        """A document that is here."""
        return cls(sm3.digest(content), content)
