"""What an OpenID Provider says of itself (OpenID Connect Discovery 1.0), and its keys; both kept for minutes."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from idp.crypto.errors import CryptoError
from idp.crypto.jose import KeySet
from idp.upstream.errors import UpstreamSilent
from idp.upstream.kinds import Upstream
from idp.upstream.server import UpstreamServer

PATH = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Metadata:
    """The parts that we use. ``names_issuer``: it says who it is with every answer (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    names_issuer: bool


def discover(server: UpstreamServer, upstream: Upstream) -> Metadata:
    """The provider's metadata. Raises :class:`UpstreamSilent`, whose detail says what is wrong with it."""
    issuer: str = upstream.settings.issuer
    try:
        document = server.documents.get(f"{issuer.removesuffix('/')}{PATH}")
    except CryptoError as error:
        raise UpstreamSilent(provider=upstream.title, detail=f"discovery: {getattr(error, 'detail', '')}") from None
    # OpenID Connect Discovery 1.0 §4.3: the very issuer that was asked for.
    if document.get("issuer") != issuer:
        raise UpstreamSilent(provider=upstream.title, detail="discovery: another issuer")
    needed = {name: _endpoint(document, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise UpstreamSilent(provider=upstream.title, detail=f"discovery: no {missing[0]}")
    names = document.get("authorization_response_iss_parameter_supported") is True
    return Metadata(issuer, **needed, userinfo_endpoint=_endpoint(document, "userinfo_endpoint"), names_issuer=names)


def keys(server: UpstreamServer, upstream: Upstream, metadata: Metadata, *, again: bool = False) -> KeySet:
    """The keys that it signs with. ``again``: newer ones than those that are kept, where there may be some."""
    try:
        return KeySet.from_document(server.documents.get(metadata.jwks_uri, again=again))
    except CryptoError as error:
        raise UpstreamSilent(provider=upstream.title, detail=f"keys: {getattr(error, 'detail', '')}") from None


def _endpoint(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or len(value) > 2000 or not value.isascii():
        return ""
    parts = urlsplit(value)
    return value if parts.scheme in ("https", "http") and parts.hostname and not parts.fragment else ""
