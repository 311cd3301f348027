"""Access tokens: opaque, or JWTs for resources that verify by themselves; either way a row that can be revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, or_, select
from sqlalchemy.orm import Session

from idp.crypto.errors import InvalidToken
from idp.crypto.jose import KeySet, jwt
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidAccessToken
from idp.oidc.issuer import Issuer
from idp.oidc.provider import Provider
from idp.oidc.tables import AccessToken, Grant
from idp.oidc.token_hash import digest, new_token

_INSERT = insert(AccessToken)

# Columns, not objects: every call of an app to UserInfo begins with this.
_FIND = (
    select(
        AccessToken.client_id,
        AccessToken.scope,
        AccessToken.issued_at,
        AccessToken.expires_at,
        AccessToken.grant_id,
        Grant.person_id,
        Grant.auth_time,
        Grant.level,
        Grant.claims,
        AccessToken.jkt,
        or_(AccessToken.revoked_at.is_not(None), Grant.revoked_at.is_not(None)).label("revoked"),
    )
    .outerjoin(Grant, Grant.id == AccessToken.grant_id)
    .where(AccessToken.token_hash == bindparam("token_hash"))
)


@dataclass(frozen=True)
class Prepared:
    """A token, made and signed, and the row that makes it good."""

    text: str
    row: dict[str, object]

    @property
    def type(self) -> str:
        """How it is to be presented (RFC 9449 §5)."""
        return "DPoP" if self.row["jkt"] is not None else "Bearer"


@dataclass(frozen=True)
class Found:
    """A token that is good now. ``person_id`` is ``None`` for a client's own."""

    client_id: str
    scope: str
    issued_at: datetime
    expires_at: datetime
    grant_id: str | None
    person_id: int | None
    auth_time: datetime | None
    level: int | None
    claims: dict[str, list[str]] | None
    jkt: str | None


def prepare(
    provider: Provider,
    issuer: Issuer,
    client: Client,
    *,
    scope: str,
    sub: str,
    grant_id: str | None,
    now: datetime,
    jkt: str | None = None,
) -> Prepared:
    """Makes a token. The signature is made here, before any transaction begins."""
    lifetime = provider.deployment.settings.access_token_lifetime
    handle = new_token()
    text = handle
    if client.policy.access_token_format == "jwt":
        issued = int(now.timestamp())
        # RFC 9068 §2.2. The audience is the issuer's own resources until apps can name others.
        claims: dict[str, object] = {
            "iss": issuer.url,
            "sub": sub,
            "aud": issuer.url,
            "client_id": client.id,
            "scope": scope,
            "jti": handle,
        }
        claims |= {"iat": issued, "exp": issued + lifetime}
        if jkt is not None:
            claims["cnf"] = {"jkt": jkt}  # RFC 9449 §6.1
        text = jwt.encode(claims, provider.deployment.ring.signer(client.id_token_alg, now), typ="at+jwt")
    row: dict[str, object] = {
        "token_hash": digest(handle),
        "client_id": client.id,
        "grant_id": grant_id,
        "scope": scope,
        "issued_at": now,
        "expires_at": now + timedelta(seconds=lifetime),
        "jkt": jkt,
    }
    return Prepared(text, row)


def store(connection: Connection, token: Prepared) -> None:
    """Makes the token good: one statement."""
    connection.execute(_INSERT, token.row)


def find(provider: Provider, issuer: Issuer, session: Session, text: str, now: datetime) -> Found:
    """The token, if it is one of this issuer's and good now. Raises :class:`InvalidAccessToken`."""
    handle = handle_of(provider, issuer, text, now)
    row = session.execute(_FIND, {"token_hash": digest(handle)}).one_or_none()
    if row is None or row.revoked or row.expires_at <= now or provider.clients.get(row.client_id).issuer != issuer.name:
        raise InvalidAccessToken
    return Found(
        row.client_id,
        row.scope,
        row.issued_at,
        row.expires_at,
        row.grant_id,
        row.person_id,
        row.auth_time,
        row.level,
        row.claims,
        row.jkt,
    )


def handle_of(provider: Provider, issuer: Issuer, text: str, now: datetime) -> str:
    """What the row is found by: the token itself, or the ``jti`` of a JWT that we have signed."""
    if "." not in text:
        return text
    keys = KeySet(provider.deployment.ring.published(issuer.name, now))
    try:
        return str(jwt.decode(text, keys, algorithms=issuer.algorithms, typ="at+jwt").claims.get("jti"))
    except InvalidToken as error:
        raise InvalidAccessToken(detail=error.detail) from None
