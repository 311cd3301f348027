"""Rows of second factors."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, UTCDateTime


class Credential(Base):
    """One factor of one person. ``fails`` counts wrong answers since the last right one."""

    __tablename__ = "mfa_credential"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    secret_sealed: Mapped[str | None] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(default=0)
    drift: Mapped[int] = mapped_column(default=0)
    fails: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RecoveryCode(Base):
    """One recovery code, as the HMAC-SM3 of it; used once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    credential_id: Mapped[int] = mapped_column(ForeignKey("mfa_credential.id", ondelete="CASCADE"), index=True)
    mac: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
