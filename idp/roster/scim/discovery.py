"""What the service provider says of itself (RFC 7643 §5 to §7, RFC 7644 §4): public, and the same for every school."""

from idp.roster.scim import bulk
from idp.roster.scim.errors import Forbidden, NotFound
from idp.roster.scim.resources import LIST_URN, MAX_RESULTS
from idp.roster.scim.schema import RESOURCE_TYPES, SCHEMAS, JSONObject

MAX_PAYLOAD = 4 * 1024 * 1024
PLACES = ("ServiceProviderConfig", "ResourceTypes", "Schemas")


def answer(base: str, parts: list[str], *, filtered: bool) -> JSONObject:
    """One of the three documents, or a part of one. Raises :class:`NotFound`; a filter is refused (§4)."""
    if filtered:
        raise Forbidden("These are not filtered.")
    if parts == ["ServiceProviderConfig"]:
        return configuration(base)
    published = {
        "ResourceTypes": [one.published(base) for one in RESOURCE_TYPES.values()],
        "Schemas": [one.published(base) for one in SCHEMAS],
    }.get(parts[0], [])
    if len(parts) == 1 and published:
        return {
            "schemas": [LIST_URN],
            "totalResults": len(published),
            "startIndex": 1,
            "itemsPerPage": len(published),
            "Resources": published,
        }
    found = next((one for one in published if len(parts) == 2 and one["id"] == parts[1]), None)
    if found is None:
        raise NotFound("There is nothing at this address.")
    return found


def configuration(base: str) -> JSONObject:
    """RFC 7643 §5."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": bulk.MAX_OPERATIONS, "maxPayloadSize": MAX_PAYLOAD},
        "filter": {"supported": True, "maxResults": MAX_RESULTS},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token of the school",
                "description": "A token that the operator makes with: yima roster token create",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }
