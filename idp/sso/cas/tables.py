"""Rows of the CAS server. Tickets are kept as digests; what was spent stays until it has expired."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, SealedText, UTCDateTime


class CasService(Base):
    """What this protocol knows of an app: the addresses it lies under, and the rules for it (see ``rules``)."""

    __tablename__ = "cas_service"

    app_id: Mapped[str] = mapped_column(ForeignKey("app.id"), primary_key=True)
    addresses: Mapped[list[str]] = mapped_column(JSONText)
    rules: Mapped[dict[str, Any]] = mapped_column(JSONText)


class CasRequest(Base):
    """A request at ``/login`` that waits while the person signs in or decides; bound to one browser, spent once."""

    __tablename__ = "cas_request"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    asked: Mapped[dict[str, Any]] = mapped_column(JSONText)
    signed_in_before: Mapped[bool]
    browser_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class CasTicket(Base):
    """A service ticket, proxy ticket or proxy-granting ticket (``kind`` is its prefix: ST, PT, PGT) of a session.

    ``service`` is the address it was given for, of a PGT the callback address; ``proxies`` are the callback addresses it came
    through, the latest first.
    """

    __tablename__ = "cas_ticket"

    ticket_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(3))
    app_id: Mapped[str] = mapped_column(ForeignKey("app.id"))
    service: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sid: Mapped[str] = mapped_column(String(43), index=True)
    new_login: Mapped[bool]
    proxies: Mapped[list[str]] = mapped_column(JSONText)
    level: Mapped[int]
    methods: Mapped[list[str]] = mapped_column(JSONText)
    auth_time: Mapped[datetime] = mapped_column(UTCDateTime)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    spent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class CasLogin(Base):
    """An app has let somebody in by a ticket, to be told when their session ends. The ticket, sealed, is its name for that."""

    __tablename__ = "cas_login"

    id: Mapped[int] = mapped_column(primary_key=True)
    sid: Mapped[str] = mapped_column(String(43), index=True)
    app_id: Mapped[str] = mapped_column(ForeignKey("app.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    service: Mapped[str] = mapped_column(Text)
    ticket_hash: Mapped[str] = mapped_column(String(64))
    ticket_sealed: Mapped[str] = mapped_column(SealedText("cas_login:{ticket_hash}:ticket"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
