"""The access token of a request (RFC 6750 §2)."""

from idp.oidc.errors import InvalidAccessToken, InvalidRequest
from idp.oidc.parameters import parse
from idp.web.machine import MachineRequest

MAX_TOKEN = 8192


def bearer_token(request: MachineRequest) -> str:
    """From the Authorization header (§2.1), or from a form in the body (§2.2); never from the query (RFC 9700 §4.3.2).

    Raises :class:`InvalidAccessToken` when there is none, :class:`InvalidRequest` when there is more than one.
    """
    scheme, _, header = request.authorization.partition(" ")
    found = [header.strip()] if scheme.lower() == "bearer" and header.strip() else []
    if request.method == "POST" and request.is_form:
        in_body = parse(request.body).get("access_token")
        found += [in_body] if in_body else []
    if len(found) > 1:
        raise InvalidRequest(detail="two access tokens")
    if not found or len(found[0]) > MAX_TOKEN:
        raise InvalidAccessToken
    return found[0]
