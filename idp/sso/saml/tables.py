"""Rows of the SAML identity provider. What a browser could spend is kept as a digest; what an app knows people by is sealed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, SealedText, UTCDateTime


class SamlFeed(Base):
    """A federation's metadata: where it is, who signs it (``certificates``, DER in base64), and for whom its apps are entered.

    ``due_at`` is when it is fetched next, and a lease meanwhile.
    """

    __tablename__ = "saml_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    certificates: Mapped[list[str]] = mapped_column(JSONText)
    owner: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    contact: Mapped[str] = mapped_column(String(254))
    rules: Mapped[dict[str, Any]] = mapped_column(JSONText)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)


class SamlProvider(Base):
    """What this protocol knows of an app, a service provider: what its metadata says, and the rules for it (see ``rules``).

    ``feed_id`` is the feed that it comes from, if it does. After ``valid_until`` nobody signs in to it.
    """

    __tablename__ = "saml_provider"

    app_id: Mapped[str] = mapped_column(ForeignKey("app.id"), primary_key=True)
    entity_hash: Mapped[str] = mapped_column(String(64), unique=True)
    entity_id: Mapped[str] = mapped_column(Text)
    described: Mapped[dict[str, Any]] = mapped_column(JSONText)
    rules: Mapped[dict[str, Any]] = mapped_column(JSONText)
    feed_id: Mapped[int | None] = mapped_column(ForeignKey("saml_feed.id"), index=True)
    valid_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SamlRequest(Base):
    """A request that waits while the person signs in or decides; spent once. It belongs to the first browser that takes it up."""

    __tablename__ = "saml_request"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    asked: Mapped[dict[str, Any]] = mapped_column(JSONText)
    browser_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class SamlSeen(Base):
    """A message that was acted upon, and is not a second time."""

    __tablename__ = "saml_seen"

    message_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class SamlLogin(Base):
    """An app was told who somebody is, to be told when their session ends. The name it knows them by is sealed."""

    __tablename__ = "saml_login"

    session_index: Mapped[str] = mapped_column(String(64), primary_key=True)
    sid: Mapped[str] = mapped_column(String(43), index=True)
    app_id: Mapped[str] = mapped_column(ForeignKey("app.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name_format: Mapped[str] = mapped_column(String(100))
    name_sealed: Mapped[str] = mapped_column(SealedText("saml_login:{session_index}:name"))
    name_index: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
