"""The client's address and certificate outside of Flask, by the same trust in proxies as inside."""

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING

from idp.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def address_reader(trusted_proxies: int) -> "Callable[[WSGIEnvironment], str | None]":
    """A function from the request's environment to the address: the one that the outermost trusted proxy saw."""

    def read(environ: "WSGIEnvironment") -> str | None:
        direct: str | None = environ.get("REMOTE_ADDR")
        if not trusted_proxies:
            return direct
        seen = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        return seen[-trusted_proxies][:45] if len(seen) >= trusted_proxies else direct

    return read


def certificate_reader(settings: Settings) -> "Callable[[WSGIEnvironment], str]":
    """A function from the request's environment to the certificate that the proxy hands on (RFC 8705 §6.5); empty without one.

    A request that has not come from an address of the proxy has none, whatever its headers say.
    """
    name = settings.client_certificate_header
    variable, networks = f"HTTP_{name.upper().replace('-', '_')}", settings.proxy_networks

    def read(environ: "WSGIEnvironment") -> str:
        text: str = environ.get(variable, "") if name else ""
        # Inside of Flask the address is already the client's; who has connected is kept beside it.
        direct = environ.get("werkzeug.proxy_fix.orig", environ).get("REMOTE_ADDR") or ""
        return text if text and _is_within(direct, networks) else ""

    return read


def _is_within(text: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in networks)
