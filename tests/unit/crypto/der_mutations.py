"""Mutations of DER: of its bytes, and of its tree with the lengths put right again, so that what lies deep inside is reached too."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from idp.crypto.der import Reader, writer
from idp.crypto.errors import InvalidEncoding

_OCTETS, _BITS, _CONSTRUCTED = 0x04, 0x03, 0x20
_NUMBERS = (b"", b"\x00", b"\xff", b"\x80", b"\x7f", b"\x00\x80", b"\x00\x00", b"\xff\xff", b"\x01" + bytes(20), b"\x7f" * 33)
_TEXTS = (b"", b" ", b"\x00", b"a\x00b", b"\xff", b"\xe5\xad", "\u202e".encode(), "e\u0301".encode(), b"*." * 9, b"x" * 300)
_TIMES = (
    b"260901000000Z",
    b"20260901000000Z",
    b"2609010000Z",
    b"261301000000Z",
    b"260901000000+0800",
    b"99991231235959Z",
    b"20260901000000.5Z",
)
_TAGS = (0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x0C, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1E, 0x1F, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0xA0, 0xA1, 0xA2, 0xA3, 0x24, 0x3F)  # fmt: skip


@dataclass(frozen=True)
class Node:
    """An element. ``children`` are what is nested in it, ``head`` the byte before them in a BIT STRING; ``length`` how its length is
    written where not as DER has it.
    """

    tag: int
    content: bytes = b""
    children: "tuple[Node, ...] | None" = None
    head: bytes = b""
    length: Callable[[int], bytes] | None = None

    def encode(self) -> bytes:
        content = self.content if self.children is None else self.head + b"".join(child.encode() for child in self.children)
        if self.length is None:
            return writer.element(self.tag, content)
        return bytes((self.tag,)) + self.length(len(content)) + content


def parse(der: bytes) -> Node:
    """The tree of one element. Raises ``MalformedDER``."""
    reader = Reader(der, limit=len(der))
    node = _read(reader)
    reader.finish()
    return node


def _read(reader: Reader) -> Node:
    tag = reader.data[reader.position]
    if tag & _CONSTRUCTED:
        return Node(tag, children=tuple(_inside(reader.nested(tag))))
    content = reader.content(tag)
    head = content[:1] if tag == _BITS else b""
    if tag in (_OCTETS, _BITS) and len(content) > len(head) + 1 and head in (b"", b"\x00"):
        try:
            return Node(tag, children=tuple(_inside(Reader(content[len(head) :], limit=len(content)))), head=head)
        except (InvalidEncoding, IndexError):
            pass
    return Node(tag, content)


def _inside(reader: Reader) -> Iterator[Node]:
    reader_nodes = []
    while not reader.at_end():
        reader_nodes.append(_read(reader))
    return iter(reader_nodes)


def is_canonical(der: bytes) -> bool:
    """Whether it is one element in DER's one form of tags and lengths, all the way down."""
    reader = Reader(der, limit=len(der), depth=-len(der))  # however deep: the limit is each format's own
    try:
        reader.any_element()
        reader.finish()
    except InvalidEncoding:
        return False
    return True


class Mutator:
    """An endless supply, the same for the same seed."""

    def __init__(self, samples: Sequence[bytes], seed: int) -> None:
        self.random = random.Random(seed)
        self.samples = samples
        self.trees = [parse(sample) for sample in samples]
        self.places = [list(_places(tree)) for tree in self.trees]
        self.nodes = [_at(tree, place) for tree, places in zip(self.trees, self.places, strict=True) for place in places]

    def take(self, count: int) -> Iterator[bytes]:
        """So many, none of them a sample."""
        while count:
            mutant = self._mutant()
            if mutant not in self.samples:
                count -= 1
                yield mutant

    def _mutant(self) -> bytes:
        source = self.random
        number = source.randrange(len(self.samples))
        if source.random() < 0.35:
            mutant = self.samples[number]
            for _ in range(source.choice((1, 1, 1, 2, 3))):
                mutant = source.choice(_BYTES)(source, mutant)
            return mutant
        tree, places = self.trees[number], self.places[number]
        for _ in range(source.choice((1, 1, 1, 2))):
            tree = self._in_tree(tree, source.choice(places))
        return tree.encode()

    def _in_tree(self, tree: Node, place: tuple[int, ...]) -> Node:
        try:
            _at(tree, place)
        except (IndexError, TypeError):  # gone by the mutation before
            return tree
        change = self.random.choice((self._content, self._content, self._content, self._tag, self._family, self._length))
        return _changed(tree, place, change)

    def _content(self, node: Node) -> list[Node]:
        source = self.random
        if node.children is not None:
            return self._family(node)
        pool = {0x02: _NUMBERS, 0x0A: _NUMBERS, 0x17: _TIMES, 0x18: _TIMES}.get(
            node.tag, _TEXTS if node.tag in (0x0C, 0x13, 0x16, 0x82, 0x86) else ()
        )
        if pool and source.random() < 0.4:
            return [replace(node, content=source.choice(pool))]
        return [replace(node, content=source.choice(_BYTES)(source, node.content) if node.content else source.randbytes(1))]

    def _tag(self, node: Node) -> list[Node]:
        return [
            replace(
                node, tag=self.random.choice(_TAGS) if self.random.random() < 0.7 else node.tag ^ (1 << self.random.randrange(8))
            )
        ]

    def _family(self, node: Node) -> list[Node]:
        source = self.random
        other = source.choice(self.nodes)
        return source.choice(([], [node, node], [other], [other, node], [node, other]))

    def _length(self, node: Node) -> list[Node]:
        return [replace(node, length=self.random.choice(_LENGTHS))]


def _places(node: Node, here: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    yield here
    for number, child in enumerate(node.children or ()):
        yield from _places(child, (*here, number))


def _at(node: Node, place: tuple[int, ...]) -> Node:
    for number in place:
        node = node.children[number]  # type: ignore[index]
    return node


def _changed(node: Node, place: tuple[int, ...], change: Callable[[Node], list[Node]]) -> Node:
    if not place:
        return next(iter(change(node)), node)
    children = list(node.children or ())
    number = place[0]
    children[number : number + 1] = change(children[number]) if len(place) == 1 else [_changed(children[number], place[1:], change)]
    return replace(node, children=tuple(children))


def _flip(source: random.Random, data: bytes) -> bytes:
    at = source.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << source.randrange(8),)) + data[at + 1 :]


def _byte(source: random.Random, data: bytes) -> bytes:
    at = source.randrange(len(data))
    return data[:at] + bytes((source.choice((0, 1, 0x30, 0x7F, 0x80, 0x81, 0xFF, source.randrange(256))),)) + data[at + 1 :]


def _insert(source: random.Random, data: bytes) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + source.randbytes(source.randrange(1, 5)) + data[at:]


def _drop(source: random.Random, data: bytes) -> bytes:
    at = source.randrange(len(data))
    return (data[:at] + data[at + source.randrange(1, 9) :]) or b"\x30"


def _cut(source: random.Random, data: bytes) -> bytes:
    return data[: source.randrange(1, len(data) + 1)]


def _repeat(source: random.Random, data: bytes) -> bytes:
    at = source.randrange(len(data))
    piece = data[at : at + source.randrange(1, 40)]
    return data[:at] + piece + data[at:]


_BYTES = (_flip, _flip, _byte, _byte, _insert, _drop, _cut, _repeat)
_LENGTHS: tuple[Callable[[int], bytes], ...] = (
    lambda size: b"\x80",
    lambda size: b"\x81" + bytes((size & 0xFF,)),
    lambda size: b"\x82" + (size & 0xFFFF).to_bytes(2, "big"),
    lambda size: b"\x84" + size.to_bytes(4, "big"),
    lambda size: b"\x89" + bytes(8) + bytes((size & 0xFF,)),
    lambda size: bytes((size + 1 & 0x7F,)),
    lambda size: bytes((max(size - 1, 0) & 0x7F,)),
    lambda size: b"\xff",
)
