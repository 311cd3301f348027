"""Rows of hardware tokens."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, SealedText, UTCDateTime


class OtpToken(Base):
    """One hardware token, known by the serial number on its back.

    ``person_id`` is whom it is assigned to. ``last_step`` is the last time or count that was spent on it when its factor was
    removed, so that no earlier code works for whoever sets it up next.
    """

    __tablename__ = "otp_token"

    serial: Mapped[str] = mapped_column(String(32), primary_key=True)
    mode: Mapped[str] = mapped_column(String(16))
    digits: Mapped[int] = mapped_column()
    period: Mapped[int] = mapped_column()
    seed_sealed: Mapped[str] = mapped_column(SealedText("otp_token:{serial}:seed"))
    last_step: Mapped[int] = mapped_column(default=-1)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    imported_at: Mapped[datetime] = mapped_column(UTCDateTime)
