"""Rows of sign-ins by other providers. What those know people by is sealed, and found again by a blind index."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, JSONText, SealedText, UTCDateTime


class UpstreamProvider(Base):
    """A provider that people may come from. ``settings`` are its kind's, ``rules`` as in ``rules``.

    ``institutions`` (codes) are those whose people it may sign in, and on whose choice it is shown; an empty list means all.
    ``secrets_sealed`` is a JSON object: what we prove ourselves to it by.
    """

    __tablename__ = "upstream_provider"

    slug: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    title_zh: Mapped[str] = mapped_column(String(40))
    title_en: Mapped[str] = mapped_column(String(40))
    settings: Mapped[dict[str, Any]] = mapped_column(JSONText)
    rules: Mapped[dict[str, Any]] = mapped_column(JSONText)
    institutions: Mapped[list[str]] = mapped_column(JSONText)
    secrets_sealed: Mapped[str] = mapped_column(SealedText("upstream_provider:{slug}:secrets"))
    enabled: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class UpstreamLink(Base):
    """An account elsewhere opens the account of a person here. ``how``: ``person``, ``document``, ``number`` or ``registered``."""

    __tablename__ = "upstream_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(ForeignKey("upstream_provider.slug"))
    subject_index: Mapped[str] = mapped_column(String(64))
    subject_sealed: Mapped[str] = mapped_column(SealedText("upstream_link:{subject_index}:subject"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    how: Mapped[str] = mapped_column(String(16))
    linked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("provider", "subject_index"),)


class UpstreamRequest(Base):
    """Somebody was sent to a provider and is expected back: at this browser, once, before ``expires_at``.

    ``flow_id`` is the sign-in that goes on then, ``person_id`` whose account is to be linked; exactly one of them is there.
    ``memory_sealed`` is a JSON object of what the protocol has to remember: nonce, code verifier. ``answer_sealed`` is an answer
    that came by a form from another site, without our cookies, and waits for the browser that is to bring them.
    """

    __tablename__ = "upstream_request"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    provider: Mapped[str] = mapped_column(ForeignKey("upstream_provider.slug"))
    browser_hash: Mapped[str] = mapped_column(String(64))
    flow_id: Mapped[str | None] = mapped_column(String(43))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    memory_sealed: Mapped[str] = mapped_column(SealedText("upstream_request:{state_hash}:memory"))
    answer_sealed: Mapped[str | None] = mapped_column(SealedText("upstream_request:{state_hash}:answer"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    spent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
