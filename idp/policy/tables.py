"""Rows of the policy."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, UTCDateTime


class PolicyVersion(Base):
    """One state of the whole policy; the highest number is the one that holds. Never changed, never deleted."""

    __tablename__ = "policy_version"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(500))


class EnrolmentGrace(Base):
    """When somebody who has to set a factor up first signed in under the rule that says so."""

    __tablename__ = "enrolment_grace"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    rule: Mapped[str] = mapped_column(String(120), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RiskFinding(Base):
    """One sign-in that a rule would have raised, or has raised, and whether the person had a factor for it."""

    __tablename__ = "risk_finding"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    signal: Mapped[str] = mapped_column(String(24))
    rule: Mapped[str] = mapped_column(String(120))
    mode: Mapped[str] = mapped_column(String(16))
    level: Mapped[int]
    able: Mapped[bool]
    client_id: Mapped[str] = mapped_column(String(64))
