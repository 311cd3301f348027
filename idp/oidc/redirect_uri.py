"""Redirect URIs: what may be registered, and what matches."""

from urllib.parse import urlsplit

from idp.apps.errors import InvalidRegistration
from idp.i18n import N_
from idp.settings import is_loopback

MAX_LENGTH = 2048


def check(uri: str) -> None:
    """Refuses what must not be registered. Raises :class:`InvalidRegistration`.

    RFC 9700 §2.1, §4.1: https, or plain http to this very machine for native apps (RFC 8252 §7.3); RFC 6749 §3.1.2: absolute and
    without a fragment.
    """
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port  # the port is parsed when it is looked at
    except ValueError:
        raise InvalidRegistration(reason=N_("a redirect URI is not a URI")) from None
    if not uri.isascii() or not uri.isprintable() or " " in uri or "\\" in uri or len(uri) > MAX_LENGTH or not host:
        raise InvalidRegistration(reason=N_("a redirect URI is not a URI"))
    if "#" in uri or parts.username is not None or "*" in uri:
        raise InvalidRegistration(reason=N_("a redirect URI has no fragment, no user name and no wildcard"))
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise InvalidRegistration(reason=N_("a redirect URI is https, or http to the loopback address for native apps"))


def matches(registered: str, given: str) -> bool:
    """RFC 9700 §2.1: the same text. RFC 8252 §7.3: on a loopback *address* the port may be any."""
    if registered == given:
        return True
    try:
        ours, theirs = urlsplit(registered), urlsplit(given)
        if ours.scheme != "http" or ours.hostname not in ("127.0.0.1", "::1") or theirs.port == 0:
            return False
    except ValueError:
        return False
    same = (ours.scheme, ours.hostname, ours.path, ours.query) == (theirs.scheme, theirs.hostname, theirs.path, theirs.query)
    return same and theirs.username is None and "#" not in given and given.isprintable()


def origin(uri: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
