"""Rows of the register of apps."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, UTCDateTime


class App(Base):
    """An information system of a school. ``id`` is public and is its client id in every protocol.

    ``scopes`` are the data it may receive, ``requested_scopes`` those it asked for, ``reasons`` say for what it needs each.
    ``audience`` says whom it is for (:mod:`idp.apps.audience`).
    """

    __tablename__ = "app"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    owner: Mapped[str] = mapped_column(ForeignKey("institution.code"), index=True)
    contact: Mapped[str] = mapped_column(String(254))
    purpose: Mapped[str] = mapped_column(String(500))
    scopes: Mapped[list[str]] = mapped_column(JSONText)
    requested_scopes: Mapped[list[str]] = mapped_column(JSONText)
    reasons: Mapped[dict[str, str]] = mapped_column(JSONText)
    audience: Mapped[dict[str, list[str]]] = mapped_column(JSONText, default=dict)
    status: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
