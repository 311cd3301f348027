"""Which providers people may come from: entered, changed, switched on and off, taken away."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.keys import Vault
from idp.registry import institutions
from idp.upstream.errors import InvalidUpstream, NoSuchUpstream
from idp.upstream.kinds import Kind, Upstream, read_settings
from idp.upstream.protocols import kind_of
from idp.upstream.rules import Rules
from idp.upstream.server import UpstreamServer
from idp.upstream.tables import UpstreamLink, UpstreamProvider, UpstreamRequest

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,31}")
MAX_TITLE, MAX_SECRET = 40, 8192


@dataclass(frozen=True)
class Wanted:
    """A provider to enter. ``secrets`` are what we prove ourselves by: not in the representation."""

    slug: str
    kind: str
    title_zh: str
    title_en: str
    settings: Mapping[str, Any]
    rules: Rules = field(default_factory=Rules)
    institutions: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def add(tx: Transaction, vault: Vault, wanted: Wanted) -> UpstreamProvider:
    """Enters it, switched on. Raises :class:`InvalidUpstream`, or an error of the registry for an unknown school."""
    if not _SLUG.fullmatch(wanted.slug):
        raise InvalidUpstream(field="slug", reason=N_("it needs 2 to 32 small letters, digits and hyphens, a letter first"))
    if tx.session.get(UpstreamProvider, wanted.slug) is not None:
        raise InvalidUpstream(field="slug", reason=N_("there is one of this name already"))
    _check(tx.session, wanted)
    row = UpstreamProvider(
        slug=wanted.slug,
        kind=wanted.kind,
        title_zh=wanted.title_zh.strip(),
        title_en=(wanted.title_en or wanted.title_zh).strip(),
        settings=read_settings(kind_of(wanted.kind), wanted.settings).model_dump(mode="json", exclude_defaults=True),
        rules=wanted.rules.to_json(),
        institutions=sorted(set(wanted.institutions)),
        secrets_sealed=vault.seal(json.dumps(dict(wanted.secrets)), context=_context(wanted.slug)),
        enabled=True,
        created_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    tx.record(Action.UPSTREAM_ADDED, subject=f"upstream:{row.slug}", detail=_told(row))
    return row


def set_enabled(tx: Transaction, slug: str, *, enabled: bool) -> UpstreamProvider:
    """Switches it on or off. Sessions that were begun by it go on."""
    row = by_slug(tx.session, slug)
    if row.enabled != enabled:
        row.enabled = enabled
        tx.record(Action.UPSTREAM_CHANGED, subject=f"upstream:{slug}", detail={"enabled": enabled})
    return row


def remove(tx: Transaction, slug: str) -> int:
    """Takes it away with every link of it; returns how many links those were. Raises :class:`NoSuchUpstream`."""
    row = by_slug(tx.session, slug)
    gone = len(tx.session.scalars(select(UpstreamLink.id).where(UpstreamLink.provider == slug)).all())
    for table in (UpstreamRequest, UpstreamLink):
        tx.session.execute(delete(table).where(table.provider == slug).execution_options(synchronize_session=False))
    tx.session.delete(row)
    tx.session.flush()
    tx.record(Action.UPSTREAM_REMOVED, subject=f"upstream:{slug}", detail={"links": gone})
    return gone


def by_slug(session: Session, slug: str) -> UpstreamProvider:
    """Raises :class:`NoSuchUpstream`."""
    row = session.get(UpstreamProvider, slug[:32])
    if row is None:
        raise NoSuchUpstream
    return row


def every(session: Session) -> Sequence[UpstreamProvider]:
    """All of them, by name."""
    return session.scalars(select(UpstreamProvider).order_by(UpstreamProvider.slug)).all()


def shown(session: Session, school: str | None, *, anew: bool = False) -> list[UpstreamProvider]:
    """Those to show to somebody who has chosen ``school`` (a code), or none: of no school in particular, or of this one too.

    Before a school is chosen those of every school are shown: the person knows which account they have. ``anew``: only those that
    make sure that somebody proves themselves now.
    """
    rows = [row for row in every(session) if row.enabled and (not school or not row.institutions or school in row.institutions)]
    return [row for row in rows if not anew or _can_ask_anew(row)]


def open_upstream(server: UpstreamServer, row: UpstreamProvider, title: str = "") -> Upstream:
    """The provider as its kind takes it, with its secrets opened."""
    secrets = json.loads(server.deployment.ring.vault.open(row.secrets_sealed, context=_context(row.slug)))
    settings = read_settings(kind_of(row.kind), row.settings)
    return Upstream(row.slug, title or row.title_zh, settings, server.redirect_uri(row.slug), secrets)


def kind_and_rules(row: UpstreamProvider) -> tuple[Kind, Rules]:
    """Its protocol, and what is believed of it."""
    return kind_of(row.kind), Rules.of(**row.rules)


def _can_ask_anew(row: UpstreamProvider) -> bool:
    kind = kind_of(row.kind)
    return kind.can_ask_anew(read_settings(kind, row.settings))


def _check(session: Session, wanted: Wanted) -> None:
    kind = kind_of(wanted.kind)
    for name, title in (("title_zh", wanted.title_zh), ("title_en", wanted.title_en or wanted.title_zh)):
        if not 1 <= len(title.strip()) <= MAX_TITLE or not title.isprintable():
            raise InvalidUpstream(field=name, reason=N_("it must have 1 to 40 characters"))
    if kind.needs_secret and not any(wanted.secrets.values()):
        raise InvalidUpstream(field="secret", reason=N_("it is needed"))
    if any(len(secret) > MAX_SECRET for secret in wanted.secrets.values()):
        raise InvalidUpstream(field="secret", reason=N_("it is too long"))
    rules, registering = wanted.rules, wanted.rules.registering
    for code in {*wanted.institutions, *([rules.numbers_of] if rules.numbers_of else [])}:
        institutions.by_code(session, code)
    if "local_number" in rules.match and not rules.numbers_of:
        raise InvalidUpstream(field="numbers_of", reason=N_("say whose student and staff numbers it tells"))
    if registering is not None:
        institutions.by_code(session, registering.institution)
        if wanted.institutions and registering.institution not in wanted.institutions:
            raise InvalidUpstream(field="register.institution", reason=N_("it is none of the schools that it is for"))


def _told(row: UpstreamProvider) -> dict[str, object]:
    return {"kind": row.kind, "settings": row.settings, "rules": row.rules, "institutions": row.institutions}


def _context(slug: str) -> str:
    return f"upstream_provider:{slug}:secrets"
