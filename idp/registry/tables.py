"""Rows of the registry. Nothing is ever deleted: what has ended says when."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, SealedText, UTCDateTime


class Institution(Base):
    """A school or another institution of education, under its national code."""

    __tablename__ = "institution"

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    category: Mapped[str] = mapped_column(String(2))
    province: Mapped[str] = mapped_column(String(2))
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    supervisor: Mapped[str | None] = mapped_column(String(200))
    city: Mapped[str | None] = mapped_column(String(100))
    level: Mapped[str | None] = mapped_column(String(50))
    remarks: Mapped[str | None] = mapped_column(String(500))
    domains: Mapped[list[str]] = mapped_column(JSONText)
    status: Mapped[str] = mapped_column(String(16), index=True)
    successor: Mapped[str | None] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index("ix_institution_category_province", "category", "province"),)


class InstitutionEvent(Base):
    """One turn in an institution's life, for its history."""

    __tablename__ = "institution_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("institution.code"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    kind: Mapped[str] = mapped_column(String(16))
    before: Mapped[str | None] = mapped_column(String(200))
    after: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))


class Person(Base):
    """A person, under the one number of a lifetime. What identifies them outside is sealed.

    ``email_confirmed_at`` is when the person proved that they read what comes to the address; empty for one that
    a school wrote down.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(100), index=True)
    english_name: Mapped[str | None] = mapped_column(String(100))
    sex: Mapped[str | None] = mapped_column(String(1))
    birth_date_sealed: Mapped[str | None] = mapped_column(SealedText("person:{id}:birth_date"))
    phone_sealed: Mapped[str | None] = mapped_column(SealedText("person:{id}:phone"))
    phone_index: Mapped[str | None] = mapped_column(String(64), index=True)
    email_sealed: Mapped[str | None] = mapped_column(SealedText("person:{id}:email"))
    email_index: Mapped[str | None] = mapped_column(String(64), index=True)
    email_confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    status: Mapped[str] = mapped_column(String(16))
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PersonDocument(Base):
    """A document that somebody has seen. One document belongs to one person, ever."""

    __tablename__ = "person_document"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    number_sealed: Mapped[str] = mapped_column(SealedText("person_document:{number_index}:number"))
    number_index: Mapped[str] = mapped_column(String(64), unique=True)
    verified_at: Mapped[datetime] = mapped_column(UTCDateTime)
    verified_by: Mapped[str] = mapped_column(String(64))


class Affiliation(Base):
    """A person's place in an institution, from a day to a day. ``ends`` is the first day it no longer holds."""

    __tablename__ = "affiliation"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    role: Mapped[str] = mapped_column(String(16))
    local_number: Mapped[str | None] = mapped_column(String(32))
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (Index("ix_affiliation_institution_local_number", "institution", "local_number"),)


class Guardianship(Base):
    """Who answers for a minor, as a school has verified."""

    __tablename__ = "guardianship"

    id: Mapped[int] = mapped_column(primary_key=True)
    guardian_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    ward_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    relation: Mapped[str] = mapped_column(String(16))
    verified_by: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date | None] = mapped_column(Date)
