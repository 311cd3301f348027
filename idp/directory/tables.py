"""Rows of the directories of schools. The password of the account that searches is sealed; people's passwords are not here."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, SealedText, UTCDateTime


class Directory(Base):
    """A directory of an institution, for people with one of ``described``'s roles there; asked once it is ``enabled``."""

    __tablename__ = "directory"

    id: Mapped[int] = mapped_column(primary_key=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), index=True)
    described: Mapped[dict[str, Any]] = mapped_column(JSONText)
    account_password_sealed: Mapped[str | None] = mapped_column(SealedText("directory:{id}:account_password"))
    enabled: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
