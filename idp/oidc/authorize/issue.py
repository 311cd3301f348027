"""Making what the answer holds: a code, and in the implicit and hybrid flows tokens beside it or instead of it."""

import secrets
from datetime import timedelta

from sqlalchemy import insert

from idp.apps import register
from idp.audit import Transaction
from idp.login.sessions import SignedIn
from idp.oidc import id_token, person_claims
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import OAuthError
from idp.oidc.provider import Provider
from idp.oidc.tables import AuthorizationCode, Grant
from idp.oidc.token import access_token
from idp.oidc.token.contents import Contents
from idp.oidc.token.personal import subject_of
from idp.oidc.token_hash import digest, new_token
from idp.release import ledger
from idp.release.ledger import Place

FAPI2_CODE_SECONDS = 60  # FAPI 2.0 Security Profile §5.3.2.1

_INSERT_GRANT, _INSERT_CODE = insert(Grant), insert(AuthorizationCode)


def make_answer(provider: Provider, tx: Transaction, request: AuthorizeRequest, signed_in: SignedIn) -> dict[str, str]:
    """The parameters of a successful answer (OpenID Connect Core 1.0 §3.1.2.5, §3.2.2.5, §3.3.2.5)."""
    grant = _grant(tx, request, signed_in)
    noted = request.client.last_sign_in_at
    if noted is None or noted < tx.now - register.NOTED_EVERY:
        register.note_sign_in(tx, request.client.id)
        provider.clients.forget(request.client.id)  # so that the next sign-in to it knows
    answer: dict[str, str] = {}
    if "code" in request.response_types:
        lifetime = provider.deployment.settings.code_lifetime
        if request.client.policy.profile == "fapi2":
            lifetime = min(lifetime, FAPI2_CODE_SECONDS)
        answer["code"] = _code(tx, request, grant, lifetime=lifetime)
    if "token" in request.response_types:
        answer |= _access_token(provider, tx, request, grant)
    if "id_token" in request.response_types:
        answer["id_token"] = _id_token(provider, tx, request, grant, answer)
    return _addressed(request, answer)


def error_answer(request: AuthorizeRequest, error: OAuthError) -> dict[str, str]:
    """The parameters of an error (RFC 6749 §4.1.2.1); the description is English, as the specification has it."""
    return _addressed(request, {"error": error.error, "error_description": str(error)})


def _addressed(request: AuthorizeRequest, answer: dict[str, str]) -> dict[str, str]:
    if request.state is not None:
        answer["state"] = request.state
    # RFC 9207 §2: every answer says whose it is, an error too.
    return answer | {"iss": request.issuer.url}


def _grant(tx: Transaction, request: AuthorizeRequest, signed_in: SignedIn) -> Grant:
    row = {
        "id": secrets.token_urlsafe(24),
        "client_id": request.client.id,
        "person_id": signed_in.person_id,
        "sid": signed_in.sid,
        "scope": " ".join(request.scopes),
        "claims": request.claims.to_json(),
        "resources": list(request.resources) or None,
        "authorization_details": request.authorization_details or None,
        "level": signed_in.level,
        "methods": list(signed_in.methods),
        "auth_time": signed_in.auth_time,
        "created_at": tx.now,
    }
    tx.session.connection().execute(_INSERT_GRANT, row)
    return Grant(**row)


def _code(tx: Transaction, request: AuthorizeRequest, grant: Grant, *, lifetime: int) -> str:
    """Good once and for ``lifetime`` seconds (RFC 6749 §4.1.2)."""
    code = new_token()
    row = {
        "code_hash": digest(code),
        "grant_id": grant.id,
        "client_id": request.client.id,
        "issuer": request.issuer.name,
        "redirect_uri": request.redirect_uri,
        "code_challenge": request.code_challenge,
        "nonce": request.nonce,
        "dpop_jkt": request.dpop_jkt,
        "expires_at": tx.now + timedelta(seconds=lifetime),
    }
    tx.session.connection().execute(_INSERT_CODE, row)
    return code


def _access_token(provider: Provider, tx: Transaction, request: AuthorizeRequest, grant: Grant) -> dict[str, str]:
    """OpenID Connect Core 1.0 §3.2.2.5: with its type and lifetime; never a refresh token."""
    subject = subject_of(provider, request.client, tx, grant)
    contents = Contents(grant.scope, audience=request.resources, details=tuple(request.authorization_details))
    token = access_token.prepare(provider, request.issuer, request.client, contents, tx.now, subject=subject, grant_id=grant.id)
    access_token.store(tx.session.connection(), token)
    lifetime = provider.deployment.settings.access_token_lifetime
    return {"access_token": token.text, "token_type": "Bearer", "expires_in": str(lifetime), "scope": grant.scope}


def _id_token(provider: Provider, tx: Transaction, request: AuthorizeRequest, grant: Grant, answer: dict[str, str]) -> str:
    # §5.4: where no access token is given there is no UserInfo to ask, so the ID token says it all.
    scopes = request.scopes if request.response_types == {"id_token"} else ()
    told = person_claims.read(provider, tx.session, grant.person_id, scopes, person_claims.named(grant.claims, "id_token"))
    ledger.record(tx, request.client.id, grant.person_id, Place.ID_TOKEN, ("sub", *told))
    return id_token.make(
        provider.deployment.ring,
        request.issuer,
        client_id=request.client.id,
        algorithm=request.client.id_token_alg,
        subject=subject_of(provider, request.client, tx, grant),
        now=tx.now,
        lifetime=provider.deployment.settings.id_token_lifetime,
        nonce=request.nonce,
        access_token=answer.get("access_token"),
        code=answer.get("code"),
        claims=told,
    )
