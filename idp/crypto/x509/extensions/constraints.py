"""What an authority may certify: basicConstraints, nameConstraints, policyConstraints, inhibitAnyPolicy."""

from dataclasses import dataclass
from typing import ClassVar

from idp.crypto.der import Reader, oids, tags, writer
from idp.crypto.x509.errors import InvalidExtension
from idp.crypto.x509.general_name import GeneralName

MAX_PATH_LENGTH = 64


@dataclass(frozen=True, slots=True)
class BasicConstraints:
    """RFC 5280 §4.2.1.9: whether it is an authority, and how many may follow below it."""

    ca: bool
    path_length: int | None = None
    oid: ClassVar[str] = oids.BASIC_CONSTRAINTS

    @classmethod
    def read(cls, reader: Reader) -> "BasicConstraints":
        """The content."""
        inner = reader.sequence()
        ca = inner.default_false()
        path_length = None if inner.at_end() else inner.small_integer(MAX_PATH_LENGTH)
        inner.finish()
        if path_length is not None and not ca:
            raise InvalidExtension(extension="basicConstraints", detail="a path length for one that is no authority")
        return cls(ca, path_length)

    def encode(self) -> bytes:
        """The content's DER."""
        length = b"" if self.path_length is None else writer.integer(self.path_length)
        return writer.sequence(writer.default_false(self.ca), length)


@dataclass(frozen=True, slots=True)
class NameConstraints:
    """RFC 5280 §4.2.1.10: the subtrees that names below must, and must not, lie in."""

    permitted: tuple[GeneralName, ...] = ()
    excluded: tuple[GeneralName, ...] = ()
    oid: ClassVar[str] = oids.NAME_CONSTRAINTS

    @classmethod
    def read(cls, reader: Reader) -> "NameConstraints":
        """The content. ``minimum`` is its default and ``maximum`` absent, as RFC 5280 demands."""
        inner = reader.sequence()
        permitted, excluded = (cls._subtrees(inner, number) for number in (0, 1))
        inner.finish()
        if not permitted and not excluded:
            raise InvalidExtension(extension="nameConstraints", detail="empty")
        return cls(permitted, excluded)

    @staticmethod
    def _subtrees(reader: Reader, number: int) -> tuple[GeneralName, ...]:
        found = reader.optional_explicit(number)
        if found is None:
            return ()
        names = []
        while not found.at_end():
            subtree = found.sequence()
            names.append(GeneralName.read(subtree, constraint=True))
            subtree.finish()
        if not names:
            raise found.fail("no subtree where one is due")
        return tuple(names)

    def encode(self) -> bytes:
        """The content's DER."""
        parts = []
        for number, names in enumerate((self.permitted, self.excluded)):
            if names:
                parts.append(writer.explicit(number, b"".join(writer.sequence(name.encode()) for name in names)))
        return writer.sequence(*parts)


@dataclass(frozen=True, slots=True)
class PolicyConstraints:
    """RFC 5280 §4.2.1.11: after how many certificates a policy is required, and mapping forbidden."""

    require_explicit: int | None
    inhibit_mapping: int | None
    oid: ClassVar[str] = oids.POLICY_CONSTRAINTS

    @classmethod
    def read(cls, reader: Reader) -> "PolicyConstraints":
        """The content."""
        inner = reader.sequence()
        values = [
            inner.small_integer(MAX_PATH_LENGTH, tags.context(number)) if inner.next_is(tags.context(number)) else None
            for number in (0, 1)
        ]
        inner.finish()
        if values == [None, None]:
            raise InvalidExtension(extension="policyConstraints", detail="empty")
        return cls(*values)

    def encode(self) -> bytes:
        """The content's DER."""
        values = enumerate((self.require_explicit, self.inhibit_mapping))
        return writer.sequence(*(writer.integer(value, tags.context(number)) for number, value in values if value is not None))


@dataclass(frozen=True, slots=True)
class InhibitAnyPolicy:
    """RFC 5280 §4.2.1.14: after how many certificates anyPolicy stands for nothing any more."""

    skip: int
    oid: ClassVar[str] = oids.INHIBIT_ANY_POLICY

    @classmethod
    def read(cls, reader: Reader) -> "InhibitAnyPolicy":
        """The content."""
        return cls(reader.small_integer(MAX_PATH_LENGTH))

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.integer(self.skip)
