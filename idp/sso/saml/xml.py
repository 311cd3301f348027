"""XML on its way in: only what has no second meaning, refused before anything of it is used. And on its way out.

A message of SAML is elements, attributes and text. Document types, entities, comments and processing instructions are no part of
it, and each has been a way to say one thing to the signature and another to the reader.
"""

import re
from collections.abc import Iterator

from lxml import etree
from lxml.etree import _Element as Element

from idp.sso.saml.errors import MessageRefused

MAX_BYTES = 64 * 1024
MAX_FEED_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 64
_ID_ATTRIBUTES = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id", "AssertionID", "RequestID", "ResponseID")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}\Z")
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)


def parse(data: bytes, *, limit: int = MAX_BYTES, comments: bool = False) -> Element:
    """The document element. Raises :class:`MessageRefused`.

    ``comments`` lets them stand, for metadata that people write: they are dropped, as the canonical form drops them, so that a text
    is one text. In a message they are refused: there the text before one was taken for the whole.
    """
    if len(data) > limit:
        raise MessageRefused(detail="too large")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise MessageRefused(detail="not UTF-8") from None
    # Looked for in the bytes: a parser has acted on it by the time it tells.
    if _DOCTYPE.search(data):
        raise MessageRefused(detail="a document type")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=limit > MAX_BYTES,
        remove_comments=comments,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise MessageRefused(detail="not well-formed") from None
    if root is None:
        raise MessageRefused(detail="empty")
    _check(root)
    return root


def _check(root: Element) -> None:
    seen: set[str] = set()
    if root.getprevious() is not None or root.getnext() is not None:
        raise MessageRefused(detail="something beside the document element")
    for element, depth in _walk(root):
        if not isinstance(element.tag, str):
            raise MessageRefused(detail="a comment, processing instruction or entity")
        if depth > MAX_DEPTH:
            raise MessageRefused(detail="too deep")
        for name in _ID_ATTRIBUTES:
            value = element.get(name)
            if value is not None:
                if value in seen:
                    raise MessageRefused(detail="an ID twice")
                seen.add(value)


def _walk(root: Element) -> Iterator[tuple[Element, int]]:
    stack = [(root, 0)]
    while stack:
        element, depth = stack.pop()
        yield element, depth
        stack.extend((child, depth + 1) for child in element)


def check_id(value: str | None) -> str:
    """An ID as SAML Core §1.3.4 and XML have it. Raises :class:`MessageRefused`."""
    if value is None or not _ID.match(value):
        raise MessageRefused(detail="no ID")
    return value


def only(parent: Element, tag: str) -> Element | None:
    """The one child with this name, if there is one. Raises :class:`MessageRefused` for two."""
    found = parent.findall(tag)
    if len(found) > 1:
        raise MessageRefused(detail=f"{etree.QName(tag).localname} twice")
    return found[0] if found else None


def text_of(element: Element | None) -> str | None:
    """The text of an element that has no other content. Raises :class:`MessageRefused` for one that has."""
    if element is None:
        return None
    if len(element):
        raise MessageRefused(detail="an element where there is text")
    return (element.text or "").strip()


def serialise(element: Element) -> bytes:
    """The bytes to send: as they are, for what is signed changes with every space."""
    return etree.tostring(element, encoding="utf-8", xml_declaration=False)


def canonical(element: Element) -> bytes:
    """Exclusive canonical form without comments."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
