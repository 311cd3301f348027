"""Rich authorization requests (RFC 9396): what exactly is asked for, where a scope is too coarse."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from idp.crypto.errors import InvalidEncoding
from idp.crypto.jose.strict_json import read_array
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidAuthorizationDetails
from idp.oidc.provider import Provider

MAX_DETAILS = 10
_LISTS = ("locations", "actions", "datatypes", "privileges")


def parse(text: str | None) -> list[dict[str, Any]]:
    """The array of objects in the parameter (§2). Raises :class:`InvalidAuthorizationDetails`."""
    if text is None:
        return []
    try:
        details = read_array(text.encode())
    except InvalidEncoding:
        raise InvalidAuthorizationDetails(detail="not JSON") from None
    if len(details) > MAX_DETAILS or not all(isinstance(one, dict) and isinstance(one.get("type"), str) for one in details):
        raise InvalidAuthorizationDetails(detail="not objects with a type, or too many")
    for one in details:
        lists = [one[name] for name in _LISTS if name in one]
        # §2.2: the common fields are arrays of strings; what else there is belongs to the type.
        if not all(isinstance(each, list) and all(isinstance(item, str) for item in each) for each in lists):
            raise InvalidAuthorizationDetails(detail="a common field is not an array of strings")
        if not isinstance(one.get("identifier", ""), str):
            raise InvalidAuthorizationDetails(detail="identifier")
    return details


def check_allowed(provider: Provider, client: Client, details: Sequence[Mapping[str, Any]]) -> None:
    """§5: types that exist, and that the client registered for (``authorization_details_types``)."""
    known = provider.resource_servers.types()
    for one in details:
        if one["type"] not in known or one["type"] not in client.metadata.authorization_details_types:
            raise InvalidAuthorizationDetails(detail=f"type {one['type'][:64]!r}")


def narrowed(granted: Sequence[dict[str, Any]], parameters: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """§6: at the token endpoint the objects that were granted, or some of them, as they are."""
    asked = parse(parameters.get("authorization_details"))
    if not asked:
        return tuple(granted)
    if not all(one in granted for one in asked):
        raise InvalidAuthorizationDetails(detail="more than was granted")
    return tuple(asked)


def in_words(provider: Provider, details: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for people for each of the objects: what its type means, and what it is about."""
    words = provider.resource_servers.types()
    return [" · ".join((words.get(one["type"], one["type"]), *_about(one))) for one in details]


def _about(one: Mapping[str, Any]) -> list[str]:
    listed = [", ".join(one[name]) for name in ("actions", "datatypes", "privileges", "locations") if one.get(name)]
    rest = {name: value for name, value in one.items() if name not in (*_LISTS, "type", "identifier")}
    more = [json.dumps(rest, ensure_ascii=False)[:300]] if rest else []
    return [*([one["identifier"]] if one.get("identifier") else []), *listed, *more]
