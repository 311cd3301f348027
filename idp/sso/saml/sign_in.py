"""A request for a sign-in: who asks, what it still needs, and that it is answered once."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idp.apps.audience import is_for
from idp.audit import Transaction
from idp.crypto import sm3
from idp.database.compare_and_set import compare_and_set
from idp.login.requirement import Requirement, is_satisfied
from idp.login.sessions import SignedIn
from idp.mfa.policy import highest_level
from idp.release import consent
from idp.sso.saml import authn_request, contexts, providers
from idp.sso.saml.authn_request import Asked
from idp.sso.saml.bindings import Received
from idp.sso.saml.errors import NoAuthnContext, RequestLost, RequestReplayed, Unsupported
from idp.sso.saml.providers import Provider
from idp.sso.saml.server import SKEW, SamlServer
from idp.sso.saml.tables import SamlRequest, SamlSeen
from idp.web.headers import origin_of

LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True)
class Waiting:
    """A request that waits, and since when."""

    id: str
    asked: Asked
    since: datetime


class Need(StrEnum):
    """``sign_in`` and ``consent`` go to the person; ``explanation``: the app is not for them; ``nothing`` means: answer."""

    SIGN_IN = "sign_in"
    CONSENT = "consent"
    EXPLANATION = "explanation"
    NOTHING = "nothing"


def read(saml: SamlServer, session: Session, received: Received) -> Asked:
    """What is asked and by whom, everything about it checked.

    Raises a :class:`SamlError`, for a page: before the address of the answer is known to be the app's, the app is told nothing.
    """
    now = saml.deployment.clock.now()
    provider = providers.by_entity(session, authn_request.issuer_of(received.element), now)
    element = received.believed(provider.described.signing, required=provider.signs_requests)
    if authn_request.issuer_of(element) != provider.described.entity_id:
        raise Unsupported(detail="another Issuer under the signature")
    wanted = authn_request.read(element, saml.sso, now, signed=received.is_signed)
    return Asked(
        app_id=provider.id,
        consumer=provider.consumer(wanted.url, wanted.index).location,
        request_id=wanted.request_id,
        relay_state=received.relay_state,
        force=wanted.force,
        passive=wanted.passive,
        name_format=wanted.name_format,
        classes=wanted.classes,
        comparison=wanted.comparison,
        unsupported=wanted.unsupported,
    )


def unsolicited(provider: Provider, relay_state: str | None) -> Asked:
    """An answer that the app did not ask for: SAML Profiles §4.1.5."""
    return Asked(app_id=provider.id, consumer=provider.consumer(None, None).location, relay_state=relay_state)


def check_answerable(saml: SamlServer, provider: Provider, asked: Asked) -> int:
    """The level that the sign-in must reach. Raises a :class:`Refusal` for what is not done here, before anybody is asked."""
    if asked.unsupported:
        raise Unsupported
    provider.format_for(asked.name_format)
    level = contexts.required_level(asked.classes, asked.comparison, highest_level(saml.site))
    return max(level, provider.rules.required_level)


def requirement(
    saml: SamlServer, provider: Provider, asked: Asked, signed_in: SignedIn | None, since: datetime | None
) -> Requirement:
    """What the sign-in must be. ``since`` is when the request began to wait: having asked since is enough for ``ForceAuthn``."""
    done = since is not None and signed_in is not None and signed_in.auth_time >= since
    return Requirement(
        level=check_answerable(saml, provider, asked),
        force=asked.force and not done,
        app_name=provider.name,
        app_origin=origin_of(asked.consumer),
        client_id=provider.id,
    )


def need(saml: SamlServer, provider: Provider, wanted: Requirement, signed_in: SignedIn | None) -> Need:
    """What is missing."""
    now = saml.deployment.clock.now()
    vault = saml.deployment.ring.vault
    with saml.deployment.reading() as session:
        if signed_in is None or not is_satisfied(session, saml.site, wanted, signed_in, now):
            return Need.SIGN_IN
        if not is_for(session, provider.audience, signed_in.person_id, now.date()):
            return Need.EXPLANATION
        agreed = consent.covers(session, vault, provider, signed_in.person_id, provider.needed_scopes, now.date())
    return Need.NOTHING if agreed else Need.CONSENT


def keep(tx: Transaction, asked: Asked, browser: str | None) -> Waiting:
    """Keeps a request. Without a ``browser`` it belongs to the one that takes it up: a form from elsewhere brings no cookies."""
    row = SamlRequest(
        id=secrets.token_urlsafe(24),
        asked=asdict(asked),
        browser_hash=_digest(browser) if browser is not None else None,
        created_at=tx.now,
    )
    tx.session.add(row)
    return Waiting(row.id, asked, tx.now)


def find(tx: Transaction, request_id: str, browser: str) -> Waiting:
    """The request, if it is this browser's and still waits. Raises :class:`RequestLost`."""
    row = tx.session.get(SamlRequest, request_id[:64])
    if row is None or row.created_at + LIFETIME < tx.now:
        raise RequestLost
    mine = _digest(browser)
    if row.browser_hash is None:
        taking = update(SamlRequest).where(SamlRequest.id == row.id, SamlRequest.browser_hash.is_(None))
        if not compare_and_set(tx.session, taking.values(browser_hash=mine)):
            raise RequestLost
    elif not secrets.compare_digest(row.browser_hash, mine):
        raise RequestLost
    asked: dict[str, Any] = row.asked
    return Waiting(row.id, Asked(**{**asked, "classes": tuple(asked["classes"])}), row.created_at)


def spend(tx: Transaction, waiting: Waiting) -> None:
    """Takes the request out: it is answered now. Of two tries at once, one gets :class:`RequestLost`."""
    if not compare_and_set(tx.session, delete(SamlRequest).where(SamlRequest.id == waiting.id)):
        raise RequestLost


def answer_once(tx: Transaction, sender: str, message_id: str | None) -> None:
    """Notes that a message is acted upon. Raises :class:`RequestReplayed` the second time, of any number of tries at once too.

    It is remembered for as long as its time would let it pass.
    """
    if message_id is None:
        return
    key = sm3.digest(f"{sender}\x00{message_id}".encode()).hex()
    try:
        with tx.session.begin_nested():
            # One that waits may be answered half an hour after it came.
            tx.session.execute(insert(SamlSeen).values(message_hash=key, expires_at=tx.now + LIFETIME + 2 * SKEW))
    except IntegrityError:
        raise RequestReplayed from None


def provider_of(saml: SamlServer, asked: Asked) -> Provider:
    """The app that asks, as registered now. Raises :class:`UnknownProvider`."""
    with saml.deployment.reading() as session:
        return providers.by_app(session, asked.app_id, saml.deployment.clock.now())


def unmet() -> NoAuthnContext:
    """The app needs more than the person can prove."""
    return NoAuthnContext(detail="the person cannot reach the level")


def _digest(text: str) -> str:
    return sm3.digest(text.encode("utf-8", "replace")).hex()
