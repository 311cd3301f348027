"""Access tokens: opaque, or JWTs for resources that verify by themselves; either way a row that can be revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, bindparam, insert, or_, select
from sqlalchemy.orm import Session

from idp.crypto.errors import InvalidToken
from idp.crypto.jose import KeySet, jwt
from idp.mfa.policy import acr_of
from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidAccessToken
from idp.oidc.id_token import Subject
from idp.oidc.issuer import Issuer
from idp.oidc.possession.confirmation import Confirmation, token_type
from idp.oidc.provider import Provider
from idp.oidc.tables import AccessToken, Grant
from idp.oidc.token.contents import Contents
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
        AccessToken.cnf,
        AccessToken.audience,
        AccessToken.details,
        AccessToken.act,
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
    expires_at: datetime

    @property
    def type(self) -> str:
        """How it is to be presented (RFC 9449 §5)."""
        return token_type(cast(Confirmation | None, self.row["cnf"]))


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
    cnf: Confirmation | None
    audience: tuple[str, ...]
    details: tuple[dict[str, Any], ...]
    act: dict[str, Any] | None


def prepare(
    provider: Provider,
    issuer: Issuer,
    client: Client,
    contents: Contents,
    now: datetime,
    *,
    subject: Subject | None = None,
    grant_id: str | None = None,
    until: datetime | None = None,
) -> Prepared:
    """Makes a token, for a person or (without ``subject``) for the app itself; it ends at ``until`` at the latest.

    The signature is made here, so that no transaction has to be open.
    """
    expires = now + timedelta(seconds=provider.deployment.settings.access_token_lifetime)
    expires = min(expires, until) if until is not None else expires
    handle = new_token()
    text = handle
    if _is_jwt(provider, client, contents):
        claims = _claims(issuer, client, contents, subject)
        claims |= {"jti": handle, "iat": int(now.timestamp()), "exp": int(expires.timestamp())}
        text = jwt.encode(claims, provider.deployment.ring.signer(client.id_token_alg, now), typ="at+jwt")
    row: dict[str, object] = {
        "token_hash": digest(handle),
        "client_id": client.id,
        "grant_id": grant_id,
        "scope": contents.scope,
        "issued_at": now,
        "expires_at": expires,
        "cnf": contents.cnf,
        "audience": list(contents.audience) or None,
        "details": list(contents.details) or None,
        "act": contents.act,
    }
    return Prepared(text, row, expires)


def _is_jwt(provider: Provider, client: Client, contents: Contents) -> bool:
    """The resource decides; where none is named the app's own registration does."""
    known = provider.resource_servers.resources() if contents.audience else {}
    formats = {known[uri] for uri in contents.audience if uri in known} or {client.policy.access_token_format}
    return formats == {"jwt"}


def _claims(issuer: Issuer, client: Client, contents: Contents, subject: Subject | None) -> dict[str, object]:
    """RFC 9068 §2.2."""
    audience = contents.audience or (issuer.url,)
    claims: dict[str, object] = {
        "iss": issuer.url,
        "sub": subject.sub if subject is not None else client.id,
        "aud": audience[0] if len(audience) == 1 else list(audience),
        "client_id": client.id,
        "scope": contents.scope,
    }
    if subject is not None:
        # §2.2.1, RFC 9470 §6.2: so that a resource can ask for more.
        claims |= {"acr": acr_of(subject.level), "auth_time": int(subject.auth_time.timestamp())}
    more = {"cnf": contents.cnf, "authorization_details": list(contents.details), "act": contents.act}
    return claims | {name: value for name, value in more.items() if value}


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
        row.cnf,
        tuple(row.audience or ()),
        tuple(row.details or ()),
        row.act,
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
