"""``id_token_hint`` (OpenID Connect Core 1.0 §3.1.2.1): whom the app expects to be signed in."""

from datetime import datetime

from idp.i18n import N_
from idp.keys import KeyRing
from idp.oidc import id_token
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import InvalidRequest


def follow(request: AuthorizeRequest, ring: KeyRing, now: datetime) -> None:
    """Narrows the request to the person of the hint. Raises :class:`InvalidRequest` unless it is a token of ours for this app."""
    hint = request.parameters.get("id_token_hint")
    if hint is None:
        return
    claims = id_token.read_hint(ring, request.issuer, hint, now)
    if claims.get("aud") != request.client.id:
        raise InvalidRequest(N_("The id_token_hint is not a token of ours."), detail="another app's")
    request.subjects = (*request.subjects, str(claims.get("sub")))
