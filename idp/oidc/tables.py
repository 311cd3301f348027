"""Rows of the OpenID Provider. Codes and tokens are kept as digests; what was spent stays until it has expired."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, SealedText, UTCDateTime


class OidcClient(Base):
    """What this protocol knows of an app."""

    __tablename__ = "oidc_client"

    app_id: Mapped[str] = mapped_column(ForeignKey("app.id"), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(8))
    secret_hash: Mapped[str | None] = mapped_column(String(64))
    old_secret_hash: Mapped[str | None] = mapped_column(String(64))
    old_secret_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    registration_token_hash: Mapped[str | None] = mapped_column(String(64))
    client_metadata: Mapped[dict[str, Any]] = mapped_column(JSONText)
    policy: Mapped[dict[str, Any]] = mapped_column(JSONText)
    sector: Mapped[str] = mapped_column(String(255))


class InitialAccessToken(Base):
    """The right to register a number of apps for an institution (RFC 7591 §1.2)."""

    __tablename__ = "initial_access_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    scopes: Mapped[list[str]] = mapped_column(JSONText)
    uses_left: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class AuthorizationRequest(Base):
    """A request that waits for the person, bound to one browser."""

    __tablename__ = "authorization_request"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(8))
    parameters: Mapped[dict[str, str]] = mapped_column(JSONText)
    browser_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class PushedRequest(Base):
    """A request that an app has handed over (RFC 9126); it is used once."""

    __tablename__ = "pushed_request"

    handle_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(32))
    issuer: Mapped[str] = mapped_column(String(8))
    parameters: Mapped[dict[str, str]] = mapped_column(JSONText)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    spent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Grant(Base):
    """What a person let an app have, from one authorization on: the family of its code and tokens."""

    __tablename__ = "oidc_grant"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("app.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    sid: Mapped[str] = mapped_column(String(43), index=True)
    scope: Mapped[str] = mapped_column(Text)
    claims: Mapped[dict[str, list[str]] | None] = mapped_column(JSONText)
    resources: Mapped[list[str] | None] = mapped_column(JSONText)
    authorization_details: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONText)
    level: Mapped[int]
    methods: Mapped[list[str]] = mapped_column(JSONText)
    auth_time: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)


class AuthorizationCode(Base):
    """A code, its spending and what it is bound to."""

    __tablename__ = "authorization_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("oidc_grant.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[str] = mapped_column(String(32))
    issuer: Mapped[str] = mapped_column(String(8))
    redirect_uri: Mapped[str] = mapped_column(Text)
    code_challenge: Mapped[str] = mapped_column(String(43))
    nonce: Mapped[str | None] = mapped_column(Text)
    dpop_jkt: Mapped[str | None] = mapped_column(String(43))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    spent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RefreshToken(Base):
    """A refresh token; each is used once and replaced."""

    __tablename__ = "refresh_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("oidc_grant.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    spent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cnf: Mapped[dict[str, str] | None] = mapped_column(JSONText)


class AccessToken(Base):
    """An access token: the digest of an opaque one, or of a JWT's ``jti``. Without a grant it is the client's own."""

    __tablename__ = "access_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(32))
    grant_id: Mapped[str | None] = mapped_column(ForeignKey("oidc_grant.id", ondelete="CASCADE"), index=True)
    scope: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cnf: Mapped[dict[str, str] | None] = mapped_column(JSONText)
    audience: Mapped[list[str] | None] = mapped_column(JSONText)
    details: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONText)
    act: Mapped[dict[str, Any] | None] = mapped_column(JSONText)


class ClientAssertion(Base):
    """An assertion that a client has authenticated with; it works once."""

    __tablename__ = "client_assertion"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class DpopProof(Base):
    """A proof of possession that was shown; it works once."""

    __tablename__ = "dpop_proof"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class DecoupledRequest(Base):
    """A request that a person answers elsewhere: of a device (RFC 8628) or by CIBA.

    ``handle`` is what the person's page knows it by: the code that a device shows, or a random name. ``person_id`` is whom a CIBA
    request is for.
    """

    __tablename__ = "decoupled_request"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    handle: Mapped[str] = mapped_column(String(43), unique=True)
    client_id: Mapped[str] = mapped_column(String(32))
    issuer: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    scope: Mapped[str] = mapped_column(Text)
    level: Mapped[int]
    binding_message: Mapped[str | None] = mapped_column(Text)
    notification_sealed: Mapped[str | None] = mapped_column(SealedText("ciba:{code_hash}"))
    state: Mapped[str] = mapped_column(String(8))
    interval: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    polled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    spent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    grant_id: Mapped[str | None] = mapped_column(ForeignKey("oidc_grant.id", ondelete="CASCADE"), index=True)
