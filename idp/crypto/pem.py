"""PEM (RFC 7468), read strictly: exactly the blocks that are due, and base64 in its one form.

Text outside the blocks is passed over, as RFC 7468 §2 allows: ``openssl x509 -text`` writes some. Headers inside a block, which
only the old encrypted keys of OpenSSL have, are refused.
"""

import base64
import binascii
import re
from collections.abc import Sequence

from idp.crypto.errors import MalformedPEM

LINE = 64
MAX_TEXT = 1 << 26
_BOUNDARY = re.compile(r"^-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----[ \t]*$", re.MULTILINE)


def encode(label: str, der: bytes) -> str:
    """One block."""
    text = base64.b64encode(der).decode()
    lines = [text[i : i + LINE] for i in range(0, len(text), LINE)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def decode(text: str | bytes, *labels: str) -> tuple[str, bytes]:
    """The label and the bytes of the one block in ``text``, which must have one of ``labels``.

    Two blocks are refused even where only one has a fitting label: which of them was meant is not ours to guess.
    Raises :class:`MalformedPEM`.
    """
    blocks = _blocks(text, labels)
    if len(blocks) != 1:
        raise MalformedPEM(due=" / ".join(labels), detail=f"{len(blocks)} blocks where one is due")
    return blocks[0]


def decode_all(text: str | bytes, *labels: str) -> list[bytes]:
    """The bytes of every block, at least one, all with one of ``labels``: a chain of certificates. Raises :class:`MalformedPEM`."""
    blocks = _blocks(text, labels)
    if not blocks:
        raise MalformedPEM(due=" / ".join(labels), detail="no block")
    return [der for _, der in blocks]


def _blocks(text: str | bytes, labels: Sequence[str]) -> list[tuple[str, bytes]]:
    if len(text) > MAX_TEXT:
        raise MalformedPEM(due=" / ".join(labels), detail="too long")
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedPEM(due=" / ".join(labels), detail="not text") from None
    found, opened = [], None
    for boundary in _BOUNDARY.finditer(text.replace("\r\n", "\n")):
        kind, label = boundary.groups()
        if (kind == "BEGIN") != (opened is None) or label not in labels or (opened and opened.group(2) != label):
            raise MalformedPEM(due=" / ".join(labels), detail=f"{kind} {label} where another boundary is due")
        if opened is None:
            opened = boundary
            continue
        found.append((label, _body(boundary.string[opened.end() : boundary.start()], labels)))
        opened = None
    if opened is not None:
        raise MalformedPEM(due=" / ".join(labels), detail="a block without its end")
    return found


def _body(text: str, labels: Sequence[str]) -> bytes:
    lines = [line.strip(" \t") for line in text.strip("\n").split("\n")]
    joined = "".join(lines)
    try:
        der = base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedPEM(due=" / ".join(labels), detail="not base64") from None
    # RFC 4648 §3.5: the pad bits are zero. RFC 7468 §3: every line but the last is full; we read any equal width.
    widths = {len(line) for line in lines[:-1]}
    if not der or base64.b64encode(der).decode() != joined or len(widths) > 1 or (widths and len(lines[-1]) > max(widths)):
        raise MalformedPEM(due=" / ".join(labels), detail="base64 that is not in its one form")
    return der
