"""Rows of the record of releases."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, UTCDateTime


class DataRelease(Base):
    """The claims named in ``claims`` went to an app ``count`` times on ``day``, in ID tokens or by UserInfo (``place``)."""

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
