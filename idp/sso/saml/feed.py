"""Federation feeds: metadata of many apps, signed by the federation, fetched again and again.

Every service provider in it is an app of the feed's owner, with the rules of the feed: what a federation's members release to
whoever is a member. One that leaves the feed is suspended, and comes back with it.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.apps import register
from idp.apps.register import AppStatus, Particulars
from idp.apps.tables import App
from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.deployment import SYSTEM, Deployment
from idp.errors import YimaError
from idp.i18n import N_
from idp.outgoing import Outgoing
from idp.registry import institutions
from idp.sso.saml import metadata, registration, xml
from idp.sso.saml.errors import MetadataRefused, NoSuchFeed
from idp.sso.saml.metadata import Described
from idp.sso.saml.providers import entity_hash
from idp.sso.saml.registration import Registration
from idp.sso.saml.rules import Rules
from idp.sso.saml.tables import SamlFeed, SamlProvider

log = logging.getLogger("yima.saml")

EVERY = timedelta(hours=1)
AGAIN = timedelta(minutes=5)
LEASE = timedelta(minutes=5)
POLL_SECONDS = 30.0
PURPOSE = "联盟资源服务"


@dataclass(frozen=True)
class Outcome:
    """What a refresh did: apps entered, changed, suspended."""

    added: int = 0
    changed: int = 0
    suspended: int = 0


def add(tx: Transaction, url: str, certificates: tuple[str, ...], owner: str, contact: str, rules: Rules) -> SamlFeed:
    """Enters a feed; it is fetched as soon as a server looks. Raises :class:`MetadataRefused`, or ``NoSuchInstitution``."""
    institutions.by_code(tx.session, owner)
    metadata.check_address(url, plain_http=False)
    if not certificates:
        raise MetadataRefused(reason=N_("say by which certificate the feed is signed"))
    row = SamlFeed(url=url, certificates=list(certificates), owner=owner, contact=contact, rules=rules.to_json(), due_at=tx.now)
    tx.session.add(row)
    tx.session.flush()
    return row


def by_id(session: Session, feed_id: int) -> SamlFeed:
    """Raises :class:`NoSuchFeed`."""
    row = session.get(SamlFeed, feed_id)
    if row is None:
        raise NoSuchFeed(feed=str(feed_id))
    return row


def refresh(deployment: Deployment, outgoing: Outgoing, feed_id: int) -> Outcome:
    """Fetches a feed now and enters what it says. Raises ``FetchFailed`` or :class:`MetadataRefused`: then all stays as it was."""
    with deployment.reading() as session:
        row = by_id(session, feed_id)
    try:
        fetched = outgoing.get(row.url, limit=xml.MAX_FEED_BYTES)
        if fetched.status != 200:
            raise MetadataRefused(reason=N_("its address does not answer with it"), detail=f"status {fetched.status}")
        described, until = metadata.read_feed(fetched.body, tuple(row.certificates), deployment.clock.now())
        _check_newer(row, until)
    except YimaError as error:
        with deployment.transaction(SYSTEM) as tx:
            kept = by_id(tx.session, feed_id)
            kept.last_error, kept.due_at = str(error.detail or error)[:500], tx.now + AGAIN
        raise
    with deployment.transaction(SYSTEM) as tx:
        return _enter(tx, by_id(tx.session, feed_id), described, until)


def refresh_due(deployment: Deployment, outgoing: Outgoing) -> int:
    """Refreshes the feeds whose time has come, each by one server; returns how many were tried."""
    now = deployment.clock.now()
    with deployment.reading() as session:
        due = [(row.id, row.due_at) for row in session.scalars(select(SamlFeed).where(SamlFeed.due_at <= now))]
    tried = 0
    for feed_id, due_at in due:
        with deployment.transaction(SYSTEM) as tx:
            taking = update(SamlFeed).where(SamlFeed.id == feed_id, SamlFeed.due_at == due_at).values(due_at=tx.now + LEASE)
            mine = compare_and_set(tx.session, taking)
        if mine:
            tried += 1
            try:
                refresh(deployment, outgoing, feed_id)
            except YimaError as error:
                log.warning("feed %s: %s %s", feed_id, error, error.detail or "")
    return tried


def start(deployment: Deployment, outgoing: Outgoing) -> Callable[[], None]:
    """Looks every half minute in a thread of its own until the returned function is called."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(POLL_SECONDS):
            try:
                refresh_due(deployment, outgoing)
            except Exception:
                log.exception("a feed failed")

    threading.Thread(target=run, name="saml-feeds", daemon=True).start()
    return stop.set


def _check_newer(row: SamlFeed, until: datetime) -> None:
    # An older one is still signed and may still be valid: whoever can answer in the federation's place could bring back what it
    # took out.
    if row.valid_until is not None and until < row.valid_until:
        raise MetadataRefused(reason=N_("it is older than what was fetched before"))


def _enter(tx: Transaction, row: SamlFeed, described: list[Described], until: datetime) -> Outcome:
    mine = {one.entity_hash: one for one in tx.session.scalars(select(SamlProvider).where(SamlProvider.feed_id == row.id))}
    others = set(tx.session.scalars(select(SamlProvider.entity_hash).where(SamlProvider.feed_id.is_distinct_from(row.id))))
    rules = Rules(**row.rules)
    added = changed = suspended = 0
    seen: set[str] = set()
    for one in described:
        key = entity_hash(one.entity_id)
        # An app that an administrator entered, or of another feed, is nothing for this one to say.
        if key in seen or key in others:
            continue
        seen.add(key)
        kept = mine.get(key)
        if kept is None:
            particulars = Particulars(one.name or one.entity_id[:100], row.owner, row.contact, PURPOSE, rules.scopes)
            _app, kept = registration.add(tx, Registration(particulars, one, rules))
            kept.feed_id, added = row.id, added + 1
        else:
            changed += _take_over(tx, kept, one)
        kept.valid_until = until
    for key, kept in mine.items():
        if key not in seen and kept.valid_until is not None and kept.valid_until > tx.now:
            register.suspend(tx, kept.app_id)
            kept.valid_until, suspended = tx.now, suspended + 1
    row.fetched_at, row.valid_until, row.due_at, row.last_error = tx.now, until, tx.now + EVERY, None
    return Outcome(added, changed, suspended)


def _take_over(tx: Transaction, kept: SamlProvider, one: Described) -> int:
    said = one.model_dump(mode="json")
    app = tx.session.get_one(App, kept.app_id)
    # It left the feed, and is back. One that an administrator suspended while it was in the feed stays so.
    if app.status == AppStatus.SUSPENDED and kept.valid_until is not None and kept.valid_until <= tx.now:
        register.approve(tx, app.id)
    if kept.described == said:
        return 0
    registration.change(tx, kept.app_id, described=one)
    return 1
