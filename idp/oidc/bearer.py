"""The access token of a request (RFC 6750 §2, RFC 9449 §7.1)."""

from dataclasses import dataclass, field

from idp.oidc.errors import InvalidAccessToken, InvalidRequest
from idp.oidc.parameters import parse
from idp.web.machine import MachineRequest

MAX_TOKEN = 8192


@dataclass(frozen=True)
class Presented:
    """A token as it came, and whether by the scheme ``DPoP``."""

    text: str = field(repr=False)
    with_proof: bool


def presented_token(request: MachineRequest) -> Presented:
    """From the Authorization header (RFC 6750 §2.1), or a form in the body (§2.2); never from the query (RFC 9700 §4.3.2).

    Raises :class:`InvalidAccessToken` when there is none, :class:`InvalidRequest` when there is more than one.
    """
    scheme, _, header = request.authorization.partition(" ")
    known = scheme.lower() in ("bearer", "dpop") and header.strip()
    found = [header.strip()] if known else []
    if request.method == "POST" and request.is_form:
        in_body = parse(request.body).get("access_token")
        found += [in_body] if in_body else []
    if len(found) > 1:
        raise InvalidRequest(detail="two access tokens")
    if not found or len(found[0]) > MAX_TOKEN:
        raise InvalidAccessToken
    return Presented(found[0], with_proof=bool(known) and scheme.lower() == "dpop")
