"""Rows of text messages. No text, no code, and no number in clear."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, UTCDateTime


class SmsMessage(Base):
    """One message. ``state`` is queued, sending, sent, delivered, undelivered or failed; ``error`` the code of why it failed.

    ``taken_at`` is when somebody began to send it. A message that is found ``sending`` by the next one was in the hands of a
    server that died: nobody knows whether it went out, so it is not sent again.
    """

    __tablename__ = "sms_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    challenge_id: Mapped[str | None] = mapped_column(String(43), index=True)
    phone_index: Mapped[str] = mapped_column(String(64), index=True)
    phone_masked: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(12))
    provider: Mapped[str | None] = mapped_column(String(16))
    segments: Mapped[int]
    cost_fen: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SmsSegment(Base):
    """What a provider calls one segment, and what became of it. ``message_id`` is empty while only its report is known."""

    __tablename__ = "sms_segment"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("sms_message.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(String(16))
    provider_id: Mapped[str] = mapped_column(String(65))
    state: Mapped[str] = mapped_column(String(12))
    detail: Mapped[str | None] = mapped_column(String(40))
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (
        UniqueConstraint("provider", "provider_id"),
        Index("ix_sms_segment_seen_at", "seen_at"),
    )


class SmsCounter(Base):
    """How many messages something caused since its window began. The key is a digest: numbers and addresses are not kept."""

    __tablename__ = "sms_counter"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    until: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class SmsDay(Base):
    """How many codes went out on one day of Beijing time, and how many of them were answered."""

    __tablename__ = "sms_day"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent: Mapped[int] = mapped_column(default=0)
    answered: Mapped[int] = mapped_column(default=0)


class SmsProvider(Base):
    """How a provider is doing, as every server sees it. While it rests, others are asked first."""

    __tablename__ = "sms_provider"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(String(120))
    rests_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
