"""Rows of the signing service. Keys are never deleted: what was signed or encrypted stays readable by them."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, SealedText, UTCDateTime
from idp.keys.states import Purpose


class SigningKey(Base):
    """A key by its name. ``use`` is ``sign`` or ``encrypt``."""

    __tablename__ = "signing_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("certificate_authority.id"))
    use: Mapped[str] = mapped_column(String(8))
    common_name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SigningKeyVersion(Base):
    """One pair of keys, sealed, with its certificate. The one with the highest number signs; those before it still open."""

    __tablename__ = "signing_key_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("signing_key.id"))
    number: Mapped[int]
    key_sealed: Mapped[str] = mapped_column(SealedText("signing_key:{key_id.name}:{number}", Purpose.AUTHORITY))
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("key_id", "number"),)


class SigningPermission(Base):
    """What an app may do with a key, and how often in a minute."""

    __tablename__ = "signing_permission"

    app_id: Mapped[str] = mapped_column(ForeignKey("app.id"), primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("signing_key.id"), primary_key=True, autoincrement=False)
    operations: Mapped[list[str]] = mapped_column(JSONText)
    per_minute: Mapped[int]
    granted_at: Mapped[datetime] = mapped_column(UTCDateTime)
