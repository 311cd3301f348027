"""Rows of rosters."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, SealedText, UTCDateTime


class RosterToken(Base):
    """What a school's system shows us. The text was shown once; here is its digest."""

    __tablename__ = "roster_token"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), index=True)
    label: Mapped[str] = mapped_column(String(100))
    may_write: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_address: Mapped[str | None] = mapped_column(String(45))


class RosterUser(Base):
    """What one school said of one of its people, under an ``id`` that no other school sees.

    ``given_sealed`` holds contact details and parts of the name as they were given. ``contact_index`` their blind indexes, each
    between spaces. ``role`` and ``number`` are what the school said last: what holds
    is the affiliation. ``claimed`` is false for somebody the school's system has not spoken of yet; ``version`` counts
    changes.
    """

    __tablename__ = "roster_user"

    row_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(22), unique=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    user_name: Mapped[str] = mapped_column(String(128))
    user_name_key: Mapped[str] = mapped_column(String(384))  # folding case makes up to three characters of one
    external_id: Mapped[str | None] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(100))
    display_name: Mapped[str | None] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(16))
    number: Mapped[str | None] = mapped_column(String(32))
    grade: Mapped[str | None] = mapped_column(String(64))
    class_name: Mapped[str | None] = mapped_column(String(64))
    given_sealed: Mapped[str | None] = mapped_column(SealedText("roster_user:{id}:given"))
    contact_index: Mapped[str | None] = mapped_column(Text)
    claimed: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    modified_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (
        UniqueConstraint("institution", "person_id", name="uq_roster_user_institution_person_id"),
        UniqueConstraint("institution", "user_name_key", name="uq_roster_user_institution_user_name_key"),
        Index("ix_roster_user_institution_external_id", "institution", "external_id"),
    )


class RosterGroup(Base):
    """A class, a department, or whatever else a school groups its people by."""

    __tablename__ = "roster_group"

    row_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(22), unique=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    display_name: Mapped[str] = mapped_column(String(200))
    external_id: Mapped[str | None] = mapped_column(String(128))
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    modified_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index("ix_roster_group_institution_display_name", "institution", "display_name"),)


class RosterMembership(Base):
    """Who is in which group."""

    __tablename__ = "roster_membership"

    group_row: Mapped[int] = mapped_column(ForeignKey("roster_group.row_id"), primary_key=True)
    user_row: Mapped[int] = mapped_column(ForeignKey("roster_user.row_id"), primary_key=True, index=True)
