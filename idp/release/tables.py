"""Rows of what people agreed to, and of what was told."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, UTCDateTime


class Consent(Base):
    """What a person has agreed to give an app, until they take it back. ``sub`` is whom the app knows them as.

    ``terms`` is a digest of what they read; what a child agreed to before turning 14 is asked again.
    """

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("app.id"))
    sub: Mapped[str | None] = mapped_column(String(43), index=True)
    scope: Mapped[str] = mapped_column(Text)
    terms: Mapped[str | None] = mapped_column(String(64))
    given_as_child: Mapped[bool] = mapped_column(default=False)
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class DataRelease(Base):
    """The claims named in ``claims`` went to an app ``count`` times on ``day``, in tokens, by UserInfo, CAS or SAML (``place``)."""

    __tablename__ = "data_release"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("app.id"), index=True)
    day: Mapped[date]
    place: Mapped[str] = mapped_column(String(8))
    claims: Mapped[list[str]] = mapped_column(JSONText)
    count: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
