"""Rows of the sign-in. Tokens and codes are kept as digests."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, UTCDateTime


class Password(Base):
    """A person's password verifier. ``must_change``: good for one more sign-in, which asks for another one."""

    __tablename__ = "password"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    verifier: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    must_change: Mapped[bool] = mapped_column(default=False, server_default=false())


class Activation(Base):
    """The one activation code of a person."""

    __tablename__ = "activation"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    mac: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class BrowserSession(Base):
    """A sign-in that holds. ``sid`` names it to apps and in pages; the cookie's token is another secret."""

    __tablename__ = "browser_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    sid: Mapped[str] = mapped_column(String(43), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    level: Mapped[int]
    methods: Mapped[list[str]] = mapped_column(JSONText)
    auth_time: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    device: Mapped[str] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(45))


class SignOutResult(Base):
    """What became of telling one app that one session has ended.

    ``by_server``: messages went to its server; how they stand the outbox says (topic ``sign_out:ID``). ``in_browser`` is how it
    stands with the app's page in the browser that was signed out: ``waiting``, ``done``, ``failed``; NULL for an app without one.
    """

    __tablename__ = "sign_out_result"

    id: Mapped[int] = mapped_column(primary_key=True)
    sid: Mapped[str] = mapped_column(String(43))
    app_id: Mapped[str] = mapped_column(ForeignKey("app.id"))
    by_server: Mapped[bool]
    in_browser: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)

    __table_args__ = (UniqueConstraint("sid", "app_id"),)


class SignOutPage(Base):
    """The page about sessions (``sids``) that ended by one act, for one browser; then it leads ``onward`` (see ``sign_outs``)."""

    __tablename__ = "sign_out_page"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64), index=True)
    sids: Mapped[list[str]] = mapped_column(JSONText)
    here: Mapped[bool]
    onward: Mapped[dict[str, Any] | None] = mapped_column(JSONText)
    asked_by: Mapped[str | None] = mapped_column(ForeignKey("app.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class SignInFlow(Base):
    """A sign-in under way, bound to one browser."""

    __tablename__ = "sign_in_flow"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    requirement: Mapped[dict[str, Any]] = mapped_column(JSONText)
    return_to: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    methods: Mapped[list[str]] = mapped_column(JSONText)
    level: Mapped[int] = mapped_column(default=0)
    # What the circumstances demand, once they were looked at; what was said to the reminder.
    raised: Mapped[dict[str, Any] | None] = mapped_column(JSONText)
    reminder: Mapped[str] = mapped_column(String(8), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Throttle(Base):
    """How often somebody was wrong lately, by a key that says who and from where."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    retry_at: Mapped[datetime] = mapped_column(UTCDateTime)
    failed_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class SignIn(Base):
    """A sign-in that succeeded or failed, for the person to read and for rules about risk; kept for a bounded time.

    ``outcome`` is ``signed_in``, ``raised`` (a session was lifted to a higher level), ``wrong_password`` or ``wrong_factor``.
    ``methods`` are authentication methods as in ``browser_session``. ``device_hash`` is a digest of a mark in the browser and of
    the person: two people at one browser have two. ``network`` is the truncated address (IPv4 /24, IPv6 /64), ``place`` what the
    operator calls it.
    """

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    level: Mapped[int]
    methods: Mapped[list[str]] = mapped_column(JSONText)
    client_id: Mapped[str | None] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(64))
    device_hash: Mapped[str] = mapped_column(String(64))
    device_known: Mapped[bool]
    network: Mapped[str | None] = mapped_column(String(45))
    place: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (Index("ix_sign_in_person_id_at", "person_id", "at"),)
