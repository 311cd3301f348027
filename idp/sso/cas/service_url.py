"""Service addresses: what may be registered, and what matches. Compared part by part after parsing, never as text or pattern.

Regular expressions are not offered: see ``docs/decisions/0015``.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from idp.apps.errors import InvalidRegistration
from idp.i18n import N_
from idp.settings import is_loopback
from idp.sso.cas.errors import UnknownService

MAX_LENGTH = 2048
_DEFAULT_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?\Z|[0-9a-f:.]+\Z")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# What a browser, a proxy or an app server may take for a border between segments, or for the way up.
_HIDDEN_BORDER = re.compile(r"%(2f|5c|00|25)", re.IGNORECASE)


@dataclass(frozen=True)
class Origin:
    """Scheme, host in small letters and port, the default port filled in."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True)
class ServiceUrl:
    """A parsed address: where it is, and its path without query, at least ``/``."""

    text: str
    origin: Origin
    path: str
    has_query: bool


def parse(text: str) -> ServiceUrl:
    """Raises :class:`UnknownService` for what no address of an app can be.

    Our policy: absolute http or https; no user name, fragment, backslash, space or control character; no segment ``.`` or ``..``,
    plain or escaped, and no escaped slash, because what follows is not where it seems.
    """
    if not text or len(text) > MAX_LENGTH or not text.isprintable() or any(c in text for c in "\\ #"):
        raise UnknownService(detail="not an address")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnknownService(detail="not an address") from None
    if parts.scheme not in _DEFAULT_PORTS or not text.startswith(f"{parts.scheme}://") or "@" in parts.netloc:
        raise UnknownService(detail="not an address")
    # Names in other scripts come in their xn-- form, as browsers spell them.
    if not _HOST.match(host) or port == 0 or parts.netloc.endswith(":"):
        raise UnknownService(detail="not a host")
    path = parts.path or "/"
    _check_path(path)
    origin = Origin(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme])
    return ServiceUrl(text, origin, path, "?" in text)


def lies_under(given: ServiceUrl, registered: ServiceUrl) -> bool:
    """Whether ``given`` has the origin of ``registered`` and its path or one below: ``/app`` covers ``/app/x``, not ``/apple``."""
    if given.origin != registered.origin:
        return False
    base = registered.path.rstrip("/")
    return given.path == base or given.path.startswith(f"{base}/")


def check(text: str, *, field: str, plain_http: bool = False) -> ServiceUrl:
    """An address to register. Raises :class:`InvalidRegistration`.

    §2.1.1, as recommended: https, or http to this very machine; ``plain_http`` for an old app that has nothing else.
    """
    try:
        url = parse(text)
    except UnknownService:
        reason = N_("it is an address such as https://app.example.edu.cn/, without user name, fragment and dots in its path")
        raise InvalidRegistration(reason=reason, field=field) from None
    if url.has_query or "*" in text:
        raise InvalidRegistration(reason=N_("it has no query and no wildcard: everything below it is the app's"), field=field)
    if url.origin.scheme == "http" and not plain_http and not is_loopback(url.origin.host):
        raise InvalidRegistration(reason=N_("it is https, unless you allow plain http for this app"), field=field)
    return url


def with_parameters(service: str, encoded: str) -> str:
    """The address with more parameters at its end, as a browser is sent to it; what is not ASCII is escaped."""
    joint = "" if service.endswith(("?", "&")) else "&" if "?" in service else "?"
    return f"{to_ascii(service)}{joint if encoded else ''}{encoded}"


def to_ascii(service: str) -> str:
    """The address as it goes into a header: other scripts in path and query are escaped as UTF-8, nothing else is changed."""
    return quote(service, safe="!\"$%&'()*+,-./:;<=>?@[]^_`{|}~")


def _check_path(path: str) -> None:
    if _BROKEN_ESCAPE.search(path) or _HIDDEN_BORDER.search(path):
        raise UnknownService(detail="an escape in its path")
    for segment in path.split("/"):
        # RFC 3986 §5.2.4: browsers take these away, and so leave the path that was compared. Servlets cut at the semicolon.
        if unquote(segment).partition(";")[0] in (".", ".."):
            raise UnknownService(detail="dots in its path")
