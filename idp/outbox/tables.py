"""Rows of the outbox. What was done leaves; what was given up stays for people to see."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, UTCDateTime


class Message(Base):
    """One piece of work. ``due_at`` is also its lease: whoever takes it moves it on.

    ``place`` is the host that it goes to, ``topic`` what it belongs to, where those are known.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(128))
    place: Mapped[str | None] = mapped_column(String(255))
    topic: Mapped[str | None] = mapped_column(String(64), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONText)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    tries: Mapped[int]
    given_up_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_outbox_given_up_at_due_at", "given_up_at", "due_at"),)
