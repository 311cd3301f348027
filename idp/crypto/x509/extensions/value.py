"""What every extension that is understood here offers."""

from typing import ClassVar, Protocol, Self

from idp.crypto.der import Reader


class ExtensionValue(Protocol):
    """The content of one kind of extension."""

    oid: ClassVar[str]

    def __hash__(self) -> int: ...

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """The content. The caller checks that nothing is left. Raises ``MalformedDER`` and the errors of this room."""
        ...

    def encode(self) -> bytes:
        """The content's DER."""
        ...
