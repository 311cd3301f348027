"""Rows of second factors."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, SealedText, UTCDateTime


class Credential(Base):
    """One factor of one person.

    ``state`` is ``pending`` until it has worked once, then ``active``; ``locked`` ones are still asked for and never right;
    ``revoked`` ones stay as a memory without their secret. ``handle`` is what the device names it by, where it has a name;
    ``public`` holds what is no secret, as the kind wants it. ``fails`` counts wrong answers since the last right one.
    """

    __tablename__ = "mfa_credential"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    handle: Mapped[str | None] = mapped_column(String(255), unique=True, index=True)
    secret_sealed: Mapped[str | None] = mapped_column(SealedText("mfa_credential:{id}:secret"))
    public: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    last_step: Mapped[int] = mapped_column(default=0)
    drift: Mapped[int] = mapped_column(default=0)
    # WebAuthn §6.1: 32 bits without a sign, which is more than PostgreSQL's INTEGER holds.
    sign_count: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), default=0)
    fails: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lock_reason: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Challenge(Base):
    """One question put to a person, for one occasion at one browser.

    ``credential_id`` and ``person_id`` are empty where the answer itself says whose it is. ``binding_hash`` is the digest of the
    flow or the session that asked. ``private_sealed`` is the kind's own. ``outcome`` is what the answer proved, or why it was
    declined; ``spent_at`` the moment a browser took it.
    """

    __tablename__ = "mfa_challenge"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("mfa_credential.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    binding_hash: Mapped[str] = mapped_column(String(64), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    client_id: Mapped[str] = mapped_column(String(64), default="")
    level: Mapped[int] = mapped_column(default=2)
    message: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int] = mapped_column(default=0)
    private_sealed: Mapped[str | None] = mapped_column(SealedText("mfa_challenge:{id}:private"))
    outcome: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    spent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RateBucket(Base):
    """How often something was done in the window that began at ``started_at``."""

    __tablename__ = "rate_bucket"

    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    count: Mapped[int] = mapped_column(default=0)
    over_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class RecoveryCode(Base):
    """One recovery code, as the HMAC-SM3 of it; used once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    credential_id: Mapped[int] = mapped_column(ForeignKey("mfa_credential.id", ondelete="CASCADE"), index=True)
    mac: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RememberedDevice(Base):
    """A browser that the person chose not to be asked at for a while.

    ``counter`` is the number of the one cookie that is good now; ``moved_at`` when it became so. ``end_reason`` is a word:
    ``expired`` is not among them, ``expires_at`` says that.
    """

    __tablename__ = "remembered_device"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    series_hash: Mapped[str] = mapped_column(String(64), unique=True)
    counter: Mapped[int] = mapped_column(default=0)
    moved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    device: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    end_reason: Mapped[str | None] = mapped_column(String(24))


class FactorReset(Base):
    """A reset of a person's second factors, which takes two people.

    ``state`` is ``requested``, then ``waiting`` (approved, and carried out at ``due_at``) or at once ``done``; or ``stopped``, by
    whoever ``stopped_by`` names. A request that nobody approves by ``expires_at`` is worth nothing.
    """

    __tablename__ = "factor_reset"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12), index=True)
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stopped_by: Mapped[str | None] = mapped_column(String(96))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
