"""Rows of the portal."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, UTCDateTime


class PortalEntry(Base):
    """How an app is shown. Without a row it is in no group, and opened as its protocol opens it."""

    __tablename__ = "portal_entry"

    app_id: Mapped[str] = mapped_column(ForeignKey("app.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(32))
    address: Mapped[str | None] = mapped_column(String(2000))
    hidden: Mapped[bool]


class PortalFavourite(Base):
    """An app that a person wants to find first."""

    __tablename__ = "portal_favourite"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    app_id: Mapped[str] = mapped_column(ForeignKey("app.id"), primary_key=True)


class PortalNotice(Base):
    """What an administrator tells everybody, or the people of one institution, for a time."""

    __tablename__ = "portal_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    institution: Mapped[str | None] = mapped_column(ForeignKey("institution.code"))
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    begins_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
