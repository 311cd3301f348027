"""Redirect URIs: what may be registered, and what matches."""

from urllib.parse import urlsplit

from idp.apps.errors import InvalidRegistration
from idp.i18n import N_
from idp.settings import Settings, is_loopback

MAX_LENGTH = 2048


def check(uri: str, *, field: str = "redirect_uris", native: bool = False) -> None:
    """Refuses what must not be registered. Raises :class:`InvalidRegistration`.

    RFC 9700 §2.1, §4.1: https, or plain http to this very machine for native apps (RFC 8252 §7.3); RFC 6749 §3.1.2: absolute and
    without a fragment. RFC 8252 §7.1: a ``native`` app may have a scheme of its own, which is a domain name backwards.
    """
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port  # the port is parsed when it is looked at
    except ValueError:
        raise InvalidRegistration(reason=N_("this is not a URI"), field=field) from None
    own_scheme = native and "." in parts.scheme
    if not uri.isascii() or not uri.isprintable() or " " in uri or "\\" in uri or len(uri) > MAX_LENGTH or not (host or own_scheme):
        raise InvalidRegistration(reason=N_("this is not a URI"), field=field)
    if "#" in uri or parts.username is not None or "*" in uri:
        raise InvalidRegistration(reason=N_("it has no fragment, no user name and no wildcard"), field=field)
    if parts.scheme != "https" and not own_scheme and not (parts.scheme == "http" and host is not None and is_loopback(host)):
        raise InvalidRegistration(reason=N_("it is https, or http to the loopback address for native apps"), field=field)


def check_optional(uri: str | None, *, field: str) -> None:
    """The same for an address that may be left out."""
    if uri is not None:
        check(uri, field=field)


def check_domain(uri: str, *, field: str, settings: Settings) -> None:
    """The installation's own rule (setting ``redirect_domains``). Raises :class:`InvalidRegistration`.

    Loopback and schemes of native apps stay on the person's device and are not asked about.
    """
    host = urlsplit(uri).hostname
    allowed = settings.redirect_domain_list
    if not allowed or host is None or is_loopback(host) or urlsplit(uri).scheme != "https":
        return
    if not in_domains(host, allowed):
        raise InvalidRegistration(reason=N_("it lies under no domain that is allowed here (setting redirect_domains)"), field=field)


def in_domains(host: str, domains: tuple[str, ...]) -> bool:
    """Whether ``host`` is one of the domains or lies under one."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


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
