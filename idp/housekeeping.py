"""What time does: sessions that are over end, and rows that mean nothing any more go, in small batches, while the server runs."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.deployment import SYSTEM, Deployment
from idp.keys import adoption, rotation, schedule
from idp.login import flow, sessions, sign_outs, throttle
from idp.login.errors import NoSuchSession
from idp.login.sessions import Ending
from idp.login.tables import BrowserSession, SignIn, SignInFlow, SignOutPage, SignOutResult, Throttle
from idp.mfa import resets
from idp.mfa.tables import Challenge, RateBucket, RememberedDevice
from idp.notices.tables import Notice
from idp.oidc.authorize import pending
from idp.oidc.tables import (
    AccessToken,
    AuthorizationCode,
    AuthorizationRequest,
    ClientAssertion,
    DecoupledRequest,
    DpopProof,
    Grant,
    InitialAccessToken,
    PushedRequest,
    RefreshToken,
)
from idp.outbox.tables import Message
from idp.policy import findings
from idp.policy.tables import RiskFinding
from idp.portal.tables import PortalNotice
from idp.registry import affiliations
from idp.registry.persons import PersonStatus
from idp.registry.tables import Affiliation, Person
from idp.release.tables import DataRelease
from idp.settings import Settings
from idp.sms.limits import REMEMBERED_DAYS
from idp.sms.tables import SmsCounter, SmsDay, SmsMessage, SmsSegment
from idp.sso.cas import sign_in as cas_sign_in
from idp.sso.cas.tables import CasLogin, CasRequest, CasTicket
from idp.sso.saml import sign_in as saml_sign_in
from idp.sso.saml.tables import SamlLogin, SamlRequest, SamlSeen
from idp.upstream.tables import UpstreamRequest

log = logging.getLogger("yima.housekeeping")

BATCH = 500
EVERY_SECONDS = 60.0

# A spent code or token has to be known for as long as somebody might replay it to any effect.
REPLAY_MEMORY = timedelta(days=1)

# What was given up, and notices, stay until somebody has had a whole term to see them.
TERM_MEMORY = timedelta(days=180)

# For each table: its key, the column that says when a row is over, and how long after that it goes.
Rule = tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any], timedelta]
RULES: tuple[Rule, ...] = (
    (AccessToken.token_hash, AccessToken.expires_at, timedelta(0)),
    (AuthorizationCode.code_hash, AuthorizationCode.expires_at, REPLAY_MEMORY),
    (RefreshToken.token_hash, RefreshToken.expires_at, timedelta(0)),
    # A family that was ended, by the person or with its session: its members go with it.
    (Grant.id, Grant.revoked_at, REPLAY_MEMORY),
    (PushedRequest.handle_hash, PushedRequest.expires_at, timedelta(0)),
    (DpopProof.id, DpopProof.expires_at, timedelta(0)),
    (DecoupledRequest.code_hash, DecoupledRequest.expires_at, REPLAY_MEMORY),
    (InitialAccessToken.token_hash, InitialAccessToken.expires_at, REPLAY_MEMORY),
    (ClientAssertion.id, ClientAssertion.expires_at, timedelta(0)),
    (AuthorizationRequest.id, AuthorizationRequest.created_at, pending.LIFETIME),
    (CasRequest.id, CasRequest.created_at, cas_sign_in.LIFETIME),
    (CasTicket.ticket_hash, CasTicket.expires_at, timedelta(0)),
    (SamlRequest.id, SamlRequest.created_at, saml_sign_in.LIFETIME),
    (SamlSeen.message_hash, SamlSeen.expires_at, timedelta(0)),
    (UpstreamRequest.state_hash, UpstreamRequest.expires_at, timedelta(0)),
    (SignInFlow.id, SignInFlow.created_at, flow.LIFETIME),
    (SignOutPage.id, SignOutPage.created_at, sign_outs.LIFETIME),
    (SignOutResult.id, SignOutResult.created_at, sign_outs.REMEMBERED),
    (Challenge.id, Challenge.expires_at, REPLAY_MEMORY),
    (RiskFinding.id, RiskFinding.at, findings.REMEMBERED),
    (RateBucket.key, RateBucket.over_at, timedelta(0)),
    (RememberedDevice.id, RememberedDevice.expires_at, timedelta(0)),
    (Notice.id, Notice.expires_at, timedelta(0)),
    (SmsCounter.key, SmsCounter.until, timedelta(0)),
    (SmsDay.day, SmsDay.began_at, timedelta(days=REMEMBERED_DAYS + 2)),
    (Message.id, Message.given_up_at, TERM_MEMORY),
    (PortalNotice.id, PortalNotice.ends_at, TERM_MEMORY),
)


def rules(settings: Settings) -> tuple[Rule, ...]:
    """Those of :data:`RULES`, and those whose time the installation sets."""
    return (
        *RULES,
        # A session, or a family that nobody ended, that cannot be alive any more whatever happened to it.
        (BrowserSession.sid, BrowserSession.created_at, timedelta(seconds=settings.session_absolute) + REPLAY_MEMORY),
        (SignIn.id, SignIn.at, timedelta(days=settings.sign_ins_kept_days)),
        (Notice.id, Notice.read_at, timedelta(days=settings.sign_ins_kept_days)),
        (CasLogin.id, CasLogin.created_at, timedelta(seconds=settings.session_absolute) + REPLAY_MEMORY),
        (SamlLogin.session_index, SamlLogin.created_at, timedelta(seconds=settings.session_absolute) + REPLAY_MEMORY),
        (SmsMessage.id, SmsMessage.created_at, timedelta(days=settings.sms_kept_days)),
        (SmsSegment.id, SmsSegment.seen_at, timedelta(days=settings.sms_kept_days)),
        (Grant.id, Grant.created_at, timedelta(seconds=settings.refresh_token_absolute) + REPLAY_MEMORY),
        (DataRelease.key, DataRelease.last_at, timedelta(days=settings.release_memory_days)),
    )


def purge(deployment: Deployment) -> int:
    """Removes what is over; returns how many rows that were. A transaction for each batch, so that nobody waits for it."""
    now, settings = deployment.clock.now(), deployment.settings
    removed = sum(_purge(deployment, key, column, now - kept) for key, column, kept in rules(settings))
    return removed + _purge(deployment, Throttle.key, Throttle.failed_at, throttle.oldest_worth_keeping(now))


def end_expired_sessions(deployment: Deployment, endings: Sequence[Ending]) -> int:
    """Ends sessions whose time is up, whose person may not sign in any more, or has left; with all that belongs to it.

    Returns how many.
    """
    settings, now = deployment.settings, deployment.clock.now()
    idle, absolute = now - timedelta(seconds=settings.session_idle), now - timedelta(seconds=settings.session_absolute)
    over = (
        select(BrowserSession.person_id, BrowserSession.sid)
        .join(Person, Person.id == BrowserSession.person_id)
        .where(
            BrowserSession.ended_at.is_(None),
            or_(
                BrowserSession.seen_at <= idle,
                BrowserSession.created_at <= absolute,
                Person.status != PersonStatus.ACTIVE.value,
                _has_left(now),
            ),
        )
    )
    with deployment.reading() as session:
        rows = session.execute(over.limit(BATCH)).all()
    for person_id, sid in rows:
        with suppress(NoSuchSession), deployment.transaction(SYSTEM) as tx:  # the person has just ended it
            sessions.end(tx, person_id, sid, endings)
    return len(rows)


def _has_left(now: datetime) -> ColumnElement[bool]:
    """Sessions from before their person's last affiliation ended; they may sign in anew to their account: no app is for them."""
    places = select(Affiliation.id).where(Affiliation.person_id == Person.id)
    ended = select(AuditEvent.seq).where(
        AuditEvent.subject == literal("person:") + Person.number,
        AuditEvent.action == Action.AFFILIATION_ENDED.value,
        AuditEvent.at >= BrowserSession.created_at,
    )
    # On the day itself what the journal says; an end that was set for a day to come holds with that day.
    today = datetime.combine(now.date(), time(), now.tzinfo)
    return and_(
        places.exists(),
        ~places.where(*affiliations.holds(now.date())).exists(),
        or_(BrowserSession.created_at < today, ended.exists()),
    )


def carry_out_resets(deployment: Deployment) -> int:
    """Takes the factors of administrators away whose reset has waited for a day; returns how many resets those were."""
    with deployment.transaction(SYSTEM) as tx:
        return resets.carry_out_due(tx)


def complete_keys(deployment: Deployment) -> int:
    """Makes the keys that a first start has put off, so that the next rotation finds its key known; returns how many those were."""
    now = deployment.clock.now()
    rows = deployment.ring.current().rows
    with deployment.reading() as session:
        in_device = adoption.in_devices(session, rows)
    missing = rotation.lacking(rows, now, in_device=in_device)
    if not missing:
        return 0
    prepared = rotation.prepare(deployment.master, missing, now)
    with deployment.transaction(SYSTEM) as tx:
        made = rotation.complete(tx, deployment.master, prepared)
    deployment.ring.forget()
    return len(made)


def rotate_keys(deployment: Deployment) -> int:
    """Lets the next key take over where one has become as old as the settings allow; returns how many those were."""
    now, settings = deployment.clock.now(), deployment.settings
    waiting = schedule.due(deployment.ring.current().rows, settings, now)
    if not waiting or waiting[0].at > now:
        return 0
    with deployment.transaction(SYSTEM) as tx:
        made = schedule.rotate_due(tx, deployment.master, settings)
    deployment.ring.forget()
    return len(made)


def start(deployment: Deployment, endings: Sequence[Ending]) -> Callable[[], None]:
    """Does all of this every minute in a thread of its own until the returned function is called."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(EVERY_SECONDS):
            try:
                complete_keys(deployment)
                rotate_keys(deployment)
                end_expired_sessions(deployment, endings)
                carry_out_resets(deployment)
                purge(deployment)
            except Exception:
                log.exception("housekeeping failed")

    threading.Thread(target=run, name="housekeeping", daemon=True).start()
    return stop.set


def _purge(deployment: Deployment, key: InstrumentedAttribute[Any], over: InstrumentedAttribute[Any], before: datetime) -> int:
    removed = 0
    while True:
        with deployment.transaction(SYSTEM) as tx:
            doomed = tx.session.scalars(select(key).where(over < before).limit(BATCH)).all()
            if doomed:
                tx.session.execute(delete(key.class_).where(key.in_(doomed)).execution_options(synchronize_session=False))
        removed += len(doomed)
        if len(doomed) < BATCH:
            return removed
