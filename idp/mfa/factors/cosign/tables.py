"""Rows of co-signing."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, SealedText, UTCDateTime


class CosignKey(Base):
    """The server's half of one key, beside the credential whose ``handle`` is the key's name.

    Points are ``04‖x‖y`` in 130 digits: the phone's device key on P-256, its share's point and the joint key on SM2. Until the
    phone has opened its ``commitment`` there is no joint key. ``generation`` counts refreshes; ``next_sealed`` is the one that
    was begun. ``sequence`` is the greatest that the phone has sent.
    """

    __tablename__ = "cosign_key"

    credential_id: Mapped[int] = mapped_column(ForeignKey("mfa_credential.id", ondelete="CASCADE"), primary_key=True)
    profile: Mapped[str] = mapped_column(String(32))
    device_point: Mapped[str] = mapped_column(String(130))
    commitment: Mapped[str] = mapped_column(String(64))
    share_sealed: Mapped[str] = mapped_column(SealedText("cosign_key:{credential_id}:share"))
    phone_point: Mapped[str | None] = mapped_column(String(130))
    joint_point: Mapped[str | None] = mapped_column(String(130))
    generation: Mapped[int] = mapped_column(default=1)
    next_sealed: Mapped[str | None] = mapped_column(SealedText("cosign_key:{credential_id}:next"))
    sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    refreshed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class CosignSignature(Base):
    """One signature that a person made, whole: anybody can verify it without us. One for each challenge."""

    __tablename__ = "cosign_signature"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kid: Mapped[str] = mapped_column(String(22))
    challenge_id: Mapped[str] = mapped_column(String(22), unique=True)
    purpose: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text)
    signature: Mapped[str] = mapped_column(String(128))
    joint_point: Mapped[str] = mapped_column(String(130))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
