"""Making the code, and the address that takes the answer back to the app."""

import secrets
from datetime import timedelta
from urllib.parse import quote, urlencode

from idp.audit import Transaction
from idp.login.sessions import SignedIn
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import OAuthError
from idp.oidc.tables import AuthorizationCode, Grant
from idp.oidc.token_hash import digest, new_token


def issue_code(tx: Transaction, request: AuthorizeRequest, signed_in: SignedIn, *, lifetime: int) -> str:
    """A code for the request, good once and for ``lifetime`` seconds (RFC 6749 §4.1.2)."""
    code = new_token()
    grant = Grant(
        id=secrets.token_urlsafe(24),
        client_id=request.client.id,
        person_id=signed_in.person_id,
        sid=signed_in.sid,
        scope=" ".join(request.scopes),
        level=signed_in.level,
        methods=list(signed_in.methods),
        auth_time=signed_in.auth_time,
        created_at=tx.now,
    )
    tx.session.add(grant)
    tx.session.flush()
    tx.session.add(
        AuthorizationCode(
            code_hash=digest(code),
            grant_id=grant.id,
            client_id=request.client.id,
            issuer=request.issuer.name,
            redirect_uri=request.redirect_uri,
            code_challenge=request.code_challenge,
            nonce=request.nonce,
            expires_at=tx.now + timedelta(seconds=lifetime),
        )
    )
    return code


def answer_with_code(request: AuthorizeRequest, code: str) -> str:
    """Where the browser goes with the code."""
    return _answer(request, {"code": code})


def answer_with_error(request: AuthorizeRequest, error: OAuthError) -> str:
    """Where the browser goes with an error (RFC 6749 §4.1.2.1); the description is English, as the specification has it."""
    return _answer(request, {"error": error.error, "error_description": str(error)})


def _answer(request: AuthorizeRequest, parameters: dict[str, str]) -> str:
    if request.state is not None:
        parameters["state"] = request.state
    # RFC 9207 §2: every answer says whose it is, an error too.
    parameters["iss"] = request.issuer.url
    joint = "&" if "?" in request.redirect_uri else "?"
    return f"{request.redirect_uri}{joint}{urlencode(parameters, quote_via=quote)}"
