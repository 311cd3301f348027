"""A request at ``/login``: read strictly, and what it still needs before a ticket can be given."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete

from idp.apps import register
from idp.apps.audience import is_for
from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.login.requirement import Requirement, is_satisfied
from idp.login.sessions import SignedIn
from idp.mfa.factor import Site
from idp.release import consent
from idp.sso.cas import service_url, tickets
from idp.sso.cas.errors import BadRequest, NoUserName, RequestLost
from idp.sso.cas.server import CasServer
from idp.sso.cas.services import Service
from idp.sso.cas.tables import CasRequest
from idp.sso.cas.tickets import Ticket, digest
from idp.sso.cas.validation import about
from idp.web.headers import origin_of

LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True)
class Asked:
    """``service`` is where the ticket goes, under the parameter ``ticket_name``, by a form where ``post``."""

    service: str
    renew: bool = False
    gateway: bool = False
    post: bool = False
    ticket_name: str = "ticket"

    @property
    def origin(self) -> str:
        """Scheme, host and port of the service."""
        return origin_of(self.service)


@dataclass(frozen=True)
class Waiting:
    """A request that waits, since when, and whether somebody was signed in when it came."""

    id: str
    asked: Asked
    since: datetime
    signed_in_before: bool


class Need(StrEnum):
    """``sign_in`` and ``consent`` go to the person, ``explanation`` to whom the app is not for; ``nothing`` means: answer."""

    SIGN_IN = "sign_in"
    CONSENT = "consent"
    EXPLANATION = "explanation"
    NOTHING = "nothing"


def read(parameters: Mapping[str, str]) -> Asked | None:
    """What is asked (§2.1.1); ``None`` without a service. Raises :class:`BadRequest`.

    Old SAML 1.1 clients name the service ``TARGET`` and read the ticket from ``SAMLart``.
    """
    service, target = parameters.get("service"), parameters.get("TARGET")
    if service is not None and target is not None:
        raise BadRequest(detail="service and TARGET")
    if service is None and target is None:
        return None
    method = parameters.get("method", "GET").upper()
    if method not in ("GET", "POST"):
        raise BadRequest(detail=f"method {method[:16]!r}")  # HEADER is left to servers that wish to offer it
    renew = _is_set(parameters, "renew")
    return Asked(
        service=service or target or "",
        renew=renew,
        # As recommended: renew wins.
        gateway=_is_set(parameters, "gateway") and not renew,
        post=method == "POST",
        ticket_name="ticket" if target is None else "SAMLart",
    )


def requirement(service: Service, asked: Asked, signed_in: SignedIn | None, since: datetime | None) -> Requirement:
    """What the sign-in must be. ``since`` is when the request began to wait: having asked for it is enough for ``renew``."""
    done = since is not None and signed_in is not None and signed_in.auth_time >= since
    return Requirement(
        level=service.rules.required_level,
        force=asked.renew and not done,
        app_name=service.name,
        app_origin=asked.origin,
        client_id=service.id,
    )


def need(cas: CasServer, service: Service, wanted: Requirement, signed_in: SignedIn | None) -> Need:
    """What is missing."""
    now = cas.deployment.clock.now()
    vault = cas.deployment.ring.vault
    with cas.deployment.reading() as session:
        site = Site(vault, cas.deployment.settings)
        if signed_in is None or not is_satisfied(session, site, wanted, signed_in, now):
            return Need.SIGN_IN
        if not is_for(session, service.audience, signed_in.person_id, now.date()):
            return Need.EXPLANATION
        agreed = consent.covers(session, vault, service, signed_in.person_id, service.needed_scopes, now.date())
    return Need.NOTHING if agreed else Need.CONSENT


def is_new_login(signed_in: SignedIn, waiting: Waiting | None) -> bool:
    """§2.4.1: whether the ticket comes of primary credentials given for this very request.

    Only the server's own row says so; lifting a session that was there by a second factor is no new sign-in.
    """
    if waiting is None or signed_in.auth_time < waiting.since:
        return False
    return waiting.asked.renew or not waiting.signed_in_before


def give_ticket(cas: CasServer, tx: Transaction, service: Service, asked: Asked, signed_in: SignedIn, *, new_login: bool) -> str:
    """A service ticket (§3.1). Raises :class:`NoUserName` where the app could not know the person."""
    ticket = Ticket(
        kind=tickets.SERVICE,
        app_id=service.id,
        service=asked.service,
        person_id=signed_in.person_id,
        sid=signed_in.sid,
        new_login=new_login,
        proxies=(),
        level=signed_in.level,
        methods=tuple(signed_in.methods),
        auth_time=signed_in.auth_time,
    )
    if service.user_name(about(cas, tx, service, ticket)) is None:
        raise NoUserName(app=service.name)
    text = tickets.new(tickets.SERVICE)
    tickets.keep(tx, text, ticket, lifetime=cas.deployment.settings.cas_ticket_lifetime)
    noted = service.last_sign_in_at
    if noted is None or noted < tx.now - register.NOTED_EVERY:
        register.note_sign_in(tx, service.id)
    return text


def keep(tx: Transaction, asked: Asked, browser: str, *, signed_in_before: bool) -> Waiting:
    """Keeps a request whose service is known."""
    row = CasRequest(
        id=secrets.token_urlsafe(24),
        asked=asdict(asked),
        signed_in_before=signed_in_before,
        browser_hash=digest(browser),
        created_at=tx.now,
    )
    tx.session.add(row)
    return Waiting(row.id, asked, tx.now, signed_in_before)


def find(tx: Transaction, request_id: str, browser: str) -> Waiting:
    """The request, if this browser made it and it still waits. Raises :class:`RequestLost`."""
    row = tx.session.get(CasRequest, request_id[:64])
    if row is None or row.created_at + LIFETIME < tx.now or not secrets.compare_digest(row.browser_hash, digest(browser)):
        raise RequestLost
    asked: dict[str, Any] = row.asked
    return Waiting(row.id, Asked(**asked), row.created_at, row.signed_in_before)


def spend(tx: Transaction, waiting: Waiting) -> None:
    """Takes the request out: it is answered now. Of two tries at once, one gets :class:`RequestLost`."""
    if not compare_and_set(tx.session, delete(CasRequest).where(CasRequest.id == waiting.id)):
        raise RequestLost


def service_of(cas: CasServer, asked: Asked) -> Service:
    """The registered service that the address belongs to. Raises :class:`UnknownService`."""
    return cas.services.now().at(service_url.parse(asked.service))


def _is_set(parameters: Mapping[str, str], name: str) -> bool:
    # "If this parameter is set": any value; but nobody who writes false means true.
    return parameters.get(name, "false").lower() != "false"
