"""Rows of the key ring."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, UTCDateTime


class DeviceKey(Base):
    """A key of a device that was taken into use, by the id of its public half. The row stays: no key is taken into use twice.

    ``reference`` is ``sdf:LABEL#INDEX``, for whoever looks; what is obeyed is sealed with the key. ``purpose`` is ``token``,
    ``authority``, ``signing``, or ``over`` once nothing is signed with it.
    """

    __tablename__ = "device_key"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    reference: Mapped[str] = mapped_column(String(48))
    purpose: Mapped[str] = mapped_column(String(16))
    adopted_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Key(Base):
    """One key, sealed under the master key. Its state follows from its times, see :mod:`idp.keys.states`."""

    __tablename__ = "key"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16), index=True)
    algorithm: Mapped[str] = mapped_column(String(32))
    public_jwk: Mapped[dict[str, Any] | None] = mapped_column(JSONText)
    sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
