"""How messages come and go by a browser: SAML Bindings §3.4 (redirect), §3.5 (POST)."""

import base64
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus, urlencode

from lxml.etree import _Element as Element

from idp.crypto.jose import Signer
from idp.sso.saml import names, signature, xml
from idp.sso.saml.errors import MessageRefused, SignatureRefused

MAX_RELAY_STATE = 2048  # §3.4.3 says 80 bytes; common apps put an address there
MAX_ENCODED = 128 * 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SPACE = re.compile(rb"\s+")
DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"


@dataclass(frozen=True)
class Received:
    """A message that came: its document element, not yet believed. ``signed`` is what a signature beside it covers."""

    element: Element
    relay_state: str | None
    signed: bytes | None = None
    algorithm: str = ""
    value: str = ""

    @property
    def is_signed(self) -> bool:
        """Whether there is a signature to verify."""
        return self.signed is not None or signature.is_signed(self.element)

    def believed(self, certificates: Sequence[str], *, required: bool) -> Element:
        """The message, of which everything may be used. Raises :class:`SignatureRefused`.

        A signature that is there must hold, required or not. From one inside, only what it covers comes back.
        """
        if not self.is_signed:
            if required:
                raise SignatureRefused(detail="not signed")
            return self.element
        if self.signed is None:
            return signature.verified(self.element, certificates)
        if signature.is_signed(self.element):
            # §3.4.4.1: the one inside must have been removed; two signatures are two answers.
            raise SignatureRefused(detail="signed twice")
        signature.verify_query(self.signed, self.algorithm, self.value, certificates)
        return self.element


def from_query(query: bytes, name: str) -> Received:
    """A message of the redirect binding, ``name`` being ``SAMLRequest`` or ``SAMLResponse``. Raises :class:`MessageRefused`."""
    raw = _raw_parameters(query)
    message = raw.get(name)
    if message is None or len(query) > MAX_ENCODED:
        raise MessageRefused(detail=f"no {name}")
    values = {key: _unquoted(value) for key, value in raw.items()}
    if values.get("SAMLEncoding", DEFLATE) != DEFLATE:
        raise MessageRefused(detail="another encoding")
    element = xml.parse(_inflated(_decoded(values[name])))
    relay_state = _relay_state(values.get("RelayState"))
    if "Signature" not in raw:
        if "SigAlg" in raw:
            raise SignatureRefused(detail="SigAlg without Signature")
        return Received(element, relay_state)
    if "SigAlg" not in raw:
        raise SignatureRefused(detail="Signature without SigAlg")
    # §3.4.4.1: over the octets as they came, in this order whatever the order there.
    signed = "&".join(f"{key}={raw[key]}" for key in (name, "RelayState", "SigAlg") if key in raw)
    return Received(element, relay_state, signed.encode("ascii"), values["SigAlg"], values["Signature"])


def from_form(message: str, relay_state: str | None) -> Received:
    """A message of the POST binding. Raises :class:`MessageRefused`."""
    if len(message) > MAX_ENCODED:
        raise MessageRefused(detail="too large")
    return Received(xml.parse(_decoded(message)), _relay_state(relay_state))


def to_query(element: Element, name: str, relay_state: str | None, signer: Signer) -> str:
    """The query of the redirect binding, signed."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(xml.serialise(element)) + packer.flush()
    given = {name: base64.b64encode(packed).decode()} | ({"RelayState": relay_state} if relay_state is not None else {})
    query = urlencode({**given, "SigAlg": names.RSA_SHA256})
    value = base64.b64encode(signer.sign(query.encode())).decode()
    return f"{query}&{urlencode({'Signature': value})}"


def to_form(element: Element, name: str, relay_state: str | None) -> dict[str, str]:
    """The fields of the POST binding."""
    given = {name: base64.b64encode(xml.serialise(element)).decode()}
    return given | ({"RelayState": relay_state} if relay_state is not None else {})


def with_query(location: str, query: str) -> str:
    """An address with a query of ours behind its own."""
    return f"{location}{'&' if '?' in location else '?'}{query}"


def _raw_parameters(query: bytes) -> dict[str, str]:
    """Names and values as they came. One that comes twice is refused: what was signed must be what is read."""
    found: dict[str, str] = {}
    try:
        text = query.decode("ascii")
    except UnicodeDecodeError:
        raise MessageRefused(detail="not ASCII") from None
    for part in filter(None, text.split("&")):
        name, _, value = part.partition("=")
        if name in found or "%" in name or len(found) > 16:
            raise MessageRefused(detail="a parameter twice")
        found[name] = value
    return found


def _unquoted(text: str) -> str:
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise MessageRefused(detail="not UTF-8") from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(_SPACE.sub(b"", text.encode("ascii")), validate=True)
    except ValueError:
        raise MessageRefused(detail="not base64") from None


def _inflated(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=-15)
    try:
        # No more than may be read at all: a few bytes can stand for gigabytes.
        text = unpacker.decompress(data, xml.MAX_BYTES + 1)
    except zlib.error:
        raise MessageRefused(detail="not deflated") from None
    if len(text) > xml.MAX_BYTES or not unpacker.eof or unpacker.unused_data:
        raise MessageRefused(detail="too large, cut off, or with something behind")
    return text


def _relay_state(text: str | None) -> str | None:
    if text is not None and (len(text.encode("utf-8", "replace")) > MAX_RELAY_STATE or _CONTROL.search(text)):
        raise MessageRefused(detail="RelayState")
    return text or None
