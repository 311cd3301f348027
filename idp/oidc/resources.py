"""Resource indicators (RFC 8707): for which resource a token is, so that no resource can use it at another."""

from collections.abc import Collection, Mapping

from idp.oidc.clients.client import Client
from idp.oidc.clients.resource_identifier import is_identifier
from idp.oidc.errors import InvalidTarget
from idp.oidc.provider import Provider

MAX_RESOURCES = 5


def parse(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The values of ``resource``, each once, in their order (§2: absolute, without a fragment). Raises :class:`InvalidTarget`."""
    values = tuple(dict.fromkeys(parameters.get("resource", "").split()))
    if len(values) > MAX_RESOURCES or not all(is_identifier(value) for value in values):
        raise InvalidTarget
    return values


def check_allowed(provider: Provider, client: Client, asked: Collection[str]) -> None:
    """That each exists, and that an administrator lets this app use it. Our own addresses are for everyone."""
    own = {issuer.url for issuer in provider.issuers.values() if issuer.name == client.issuer}
    known = provider.resource_servers.resources()
    for uri in asked:
        if uri not in own and (uri not in known or uri not in client.policy.accesses):
            raise InvalidTarget(detail=f"{client.id} may not use {uri[:200]!r}")


def check_among(asked: Collection[str], granted: Collection[str]) -> None:
    """§2.2: at the token endpoint no other than the person agreed to."""
    if not set(asked) <= set(granted):
        raise InvalidTarget(detail="a resource that was not granted")
