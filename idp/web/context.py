"""The deployment behind a request, and who is making it."""

import ipaddress
from typing import cast

from flask import current_app, request

from idp.audit import Actor
from idp.deployment import Deployment
from idp.settings import Settings

EXTENSION = "yima"


def deployment() -> Deployment:
    """The installation this application serves."""
    return cast(Deployment, current_app.extensions[EXTENSION])


def client_address() -> str:
    """The address of the client, in its one spelling: an IPv4 address that came in as IPv6 is an IPv4 address."""
    try:
        address = ipaddress.ip_address((request.remote_addr or "0.0.0.0").split("%")[0])  # noqa: S104 - no address, not one to bind
    except ValueError:
        return "0.0.0.0"  # noqa: S104
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def client_network() -> str:
    """What limits count by: the IPv4 address, or the /64 of an IPv6 address, which is what one household or host has."""
    address = ipaddress.ip_address(client_address())
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def anonymous() -> Actor:
    """Somebody not signed in yet."""
    return Actor(kind="person", id="-", address=client_address())


def person(number: str) -> Actor:
    """The person with this number."""
    return Actor(kind="person", id=number, address=client_address())


def cookie_name(settings: Settings, name: str) -> str:
    """RFC 6265bis §4.1.3.2: by the prefix a browser knows that no other host and no plain-text page can have set it."""
    return f"__Host-{name}" if settings.secure else name
