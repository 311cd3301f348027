"""Rows of notices. No secret, no code, and no number in clear."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, UTCDateTime


class Notice(Base):
    """Something that a person should know. ``told_at`` is when it went to the other channels.

    ``expires_at`` is set where what it speaks of is forgotten too; any other stays until it is read.
    """

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    event: Mapped[str] = mapped_column(String(24))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONText)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)

    __table_args__ = (Index("ix_notice_person_id_read_at", "person_id", "read_at"),)


class NoticeLanguage(Base):
    """The language that a person last read our pages in."""

    __tablename__ = "notice_language"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    locale: Mapped[str] = mapped_column(String(8))
