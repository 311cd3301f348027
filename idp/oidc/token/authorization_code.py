"""The authorization code grant (RFC 6749 §4.1.3, OpenID Connect Core 1.0 §3.1.3)."""

import re
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import bindparam, select, update

from idp.audit import Action, Actor, Transaction
from idp.crypto import base64url
from idp.database.compare_and_set import compare_and_set
from idp.i18n import N_
from idp.oidc import families
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidGrant, InvalidRequest
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import required
from idp.oidc.provider import Provider
from idp.oidc.tables import AuthorizationCode, Grant
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.personal import make_tokens
from idp.oidc.token.token_request import TokenRequest
from idp.oidc.token_hash import digest
from idp.registry.tables import Person

# One look for everything that the exchange will ask for: what is loaded here is found in the session later.
_FIND = (
    select(AuthorizationCode, Grant, Person)
    .join(Grant, Grant.id == AuthorizationCode.grant_id)
    .join(Person, Person.id == Grant.person_id)
    .where(AuthorizationCode.code_hash == bindparam("hash"))
)
_SPEND = (
    update(AuthorizationCode)
    .where(AuthorizationCode.code_hash == bindparam("hash"), AuthorizationCode.spent_at.is_(None))
    .values(spent_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")


class CodeReplayed(InvalidGrant):
    """The code was spent before: somebody has it who should not."""


def exchange(provider: Provider, issuer: Issuer, client: Client, request: TokenRequest) -> TokenAnswer:
    """Spends the code. Raises :class:`InvalidGrant`, the same whatever is wrong with it."""
    code, verifier = required(request.parameters, "code"), request.parameters.get("code_verifier")
    if verifier is None and client.policy.requires_pkce:
        required(request.parameters, "code_verifier")
    if verifier is not None and not _VERIFIER.match(verifier):
        raise InvalidRequest(N_("The code_verifier is not 43 to 128 characters of those that are allowed."))
    with provider.deployment.transaction(Actor("app", client.id, request.address)) as tx:
        row, grant, _person = _find(tx, issuer, client, code)
        try:
            _spend(tx, row)
        except CodeReplayed as error:
            # RFC 6749 §4.1.2: a code used twice takes back everything it was exchanged for. Caught, so that this is kept.
            families.revoke(tx, row.grant_id)
            tx.record(Action.CODE_REPLAYED, subject=f"app:{client.id}", institution=client.owner, outcome="failure")
            replayed: CodeReplayed = error
        else:
            _check_binding(row, request, verifier, tx)
            if grant.revoked_at is not None:
                raise InvalidGrant(detail="the grant was revoked")
            return make_tokens(provider, issuer, client, tx, grant, request, nonce=row.nonce)
    raise replayed


def _find(tx: Transaction, issuer: Issuer, client: Client, code: str) -> tuple[AuthorizationCode, Grant, Person]:
    found = tx.session.execute(_FIND, {"hash": digest(code)}).one_or_none()
    # RFC 6749 §4.1.3: issued to this client. Another client's try changes nothing: the owner may still be on its way.
    if found is None or found[0].client_id != client.id or found[0].issuer != issuer.name:
        raise InvalidGrant(detail="unknown code, or another client's")
    return found[0], found[1], found[2]


def _spend(tx: Transaction, row: AuthorizationCode) -> None:
    if not compare_and_set(tx.session, _SPEND, {"hash": row.code_hash, "now": tx.now}):
        raise CodeReplayed(detail="code used twice")


def _check_binding(row: AuthorizationCode, request: TokenRequest, verifier: str | None, tx: Transaction) -> None:
    """Raises :class:`InvalidGrant`, which gives the code back unspent."""
    redirect_uri = request.parameters.get("redirect_uri")
    if row.expires_at <= tx.now:
        raise InvalidGrant(detail="the code has expired")
    # RFC 6749 §4.1.3: the redirect URI of the request. OAuth 2.1 drops the parameter, so it may be left out: PKCE binds better.
    if redirect_uri is not None and redirect_uri != row.redirect_uri:
        raise InvalidGrant(detail="another redirect_uri")
    # RFC 9449 §10: a code that was asked for with a key is exchanged with that key.
    if row.dpop_jkt is not None and row.dpop_jkt != (request.cnf or {}).get("jkt"):
        raise InvalidGrant(detail="another DPoP key")
    # RFC 7636 §4.6: BASE64URL(SHA256(code_verifier)) is the challenge. RFC 9700 §2.1.1: and without a challenge no verifier.
    if verifier is None or not row.code_challenge:
        if verifier is not None or row.code_challenge:
            raise InvalidGrant(detail="a code_verifier without a challenge, or the other way round")
        return
    if not compare_digest(base64url.encode(sha256(verifier.encode("ascii")).digest()), row.code_challenge):
        raise InvalidGrant(detail="the code_verifier does not fit")
