"""Attributes (RFC 5652 §5.3, §11): a set of types, each with its one value."""

from collections.abc import Mapping

from idp.crypto.der import Reader, oids, tags, writer
from idp.crypto.errors import InvalidEncoding
from idp.crypto.x509.cms.errors import InvalidMessage

SIGNED, UNSIGNED = 0, 1


def encode(values: Mapping[str, bytes], tag: int = tags.SET) -> bytes:
    """The DER of attributes, each a type with its encoded value."""
    return writer.set_of(
        (writer.sequence(writer.oid(kind), writer.set_of([value])) for kind, value in values.items()),
        tag,
    )


def read(reader: Reader, tag: int) -> dict[str, Reader]:
    """By type, a reader standing before the one value of each. Raises ``MalformedDER``, :class:`InvalidMessage`."""
    found: dict[str, Reader] = {}
    for one in reader.set_of(tag):
        attribute = one.sequence()
        kind, values = attribute.oid(), list(attribute.set_of())
        attribute.finish()
        if kind in found or len(values) != 1:
            raise InvalidMessage(detail=f"an attribute twice, or without its one value: {kind}")
        values[0].check_form()  # of a type that nobody asks for nothing else is read
        found[kind] = values[0]
    return found


def read_unsigned(reader: Reader) -> dict[str, list[bytes]]:
    """The values of each type, as others write them, each to be read by whoever knows it: a token nests as deep as a message."""
    found: dict[str, list[bytes]] = {}
    for one in reader.elements(tags.context(UNSIGNED, constructed=True)):
        attribute = one.sequence()
        values = found.setdefault(attribute.oid(), [])
        values.extend(value.data[value.position : value.end] for value in attribute.elements())
        attribute.finish()
    return found


def are_signed_attributes(content: bytes) -> bool:
    """Whether the bytes are what a signature with attributes is over.

    Our policy: such bytes are never signed or verified by themselves. A signature over them could be shown as one over the
    document whose digest stands in them, with whatever time they say (the signed attributes of RFC 5652 §5.4 have no prefix that
    would tell them from a document).
    """
    if content[:1] != bytes((tags.SET,)):
        return False
    try:
        reader = Reader(content, limit=len(content))
        found = read(reader, tags.SET)
        reader.finish()
    except (InvalidEncoding, InvalidMessage):
        return False
    return oids.MESSAGE_DIGEST in found
