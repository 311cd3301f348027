"""Validating a ticket (§2.4 to §2.6, §2.8, §2.9): once, for the service it was given for, and what its holder is told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from idp.apps.audience import is_for
from idp.audit import Actor, Transaction
from idp.outgoing import FetchFailed
from idp.registry import profile
from idp.release import ledger
from idp.release.ledger import Place
from idp.sso.cas import identity, logout, service_url, tickets
from idp.sso.cas.answers import Validated
from idp.sso.cas.errors import (
    InvalidProxyCallback,
    InvalidService,
    InvalidTicket,
    InvalidTicketSpec,
    NotFromNewLogin,
    UnauthorizedServiceProxy,
    UnknownService,
    ValidationFailure,
)
from idp.sso.cas.identity import About
from idp.sso.cas.server import CasServer
from idp.sso.cas.services import Directory, Service
from idp.sso.cas.tickets import Ticket


@dataclass(frozen=True)
class Question:
    """What a program asks. ``proxies`` and ``attributes`` are what the endpoint offers; ``address`` is where it asks from."""

    ticket: str
    service: str
    renew: bool = False
    pgt_url: str | None = None
    proxies: bool = False
    attributes: bool = False
    address: str | None = None


@dataclass(frozen=True)
class Holder:
    """A ticket that holds, and the service it is for."""

    ticket: Ticket
    service: Service


def validate(cas: CasServer, question: Question) -> tuple[Validated, Ticket]:
    """Spends the ticket and says whom it is about. Raises a :class:`ValidationFailure`; the ticket is spent all the same.

    What is told is written down in the same transaction, and that the app has let somebody in, for the sign-out.
    """
    directory, actor = cas.services.now(), Actor("app", "cas", question.address)
    with cas.deployment.transaction(actor) as tx:
        # A failure must not undo that the ticket is spent (§3.1.1), so it is raised outside.
        found = _judged(cas, directory, tx, question)
        if isinstance(found, Holder) and question.pgt_url is None:
            return _told(cas, tx, question, found), found.ticket
    if isinstance(found, ValidationFailure):
        raise found
    pgt_url = question.pgt_url or ""
    iou, granting = _call_back(cas, found.service, pgt_url)
    with cas.deployment.transaction(actor) as tx:
        told = _told(cas, tx, question, found)
        # §2.6.2: the latest proxy comes first.
        given = replace(found.ticket, kind=tickets.GRANTING, service=pgt_url, proxies=(pgt_url, *found.ticket.proxies))
        tickets.keep(tx, granting, given, lifetime=cas.deployment.settings.session_absolute)
    return replace(told, iou=iou), found.ticket


def about(cas: CasServer, tx: Transaction, service: Service, ticket: Ticket) -> About:
    """Whom a ticket is about, as far as this service can know."""
    vault = cas.deployment.ring.vault
    seen = profile.read(tx.session, vault, ticket.person_id, tx.now.date())
    sub = vault.pairwise_subject(service.sector, seen.number)
    return About(seen, service.school, sub, ticket.level, ticket.methods)


def _judged(cas: CasServer, directory: Directory, tx: Transaction, question: Question) -> Holder | ValidationFailure:
    """The checks, in their order; the first that fails is the answer."""
    ticket = tickets.spend(tx, question.ticket)
    if ticket is None:
        return InvalidTicket()
    if ticket.kind == tickets.PROXY and not question.proxies:
        return InvalidTicketSpec()  # §2.4, §2.5
    if ticket.service != question.service:
        return InvalidService()  # §2.5.3
    if question.renew and not ticket.new_login:
        return NotFromNewLogin()
    try:
        service = directory.get(ticket.app_id)
    except UnknownService:  # switched off meanwhile
        return InvalidService()
    if not is_for(tx.session, service.audience, ticket.person_id, tx.now.date()):
        return InvalidTicket()  # no longer one of those it is for
    if not tickets.session_lasts(tx.session, ticket, cas.limits, tx.now):
        return InvalidTicket()
    if question.pgt_url is not None and not _may_call_back(service, question.pgt_url):
        return UnauthorizedServiceProxy()
    return Holder(ticket, service)


def _told(cas: CasServer, tx: Transaction, question: Question, holder: Holder) -> Validated:
    ticket, service = holder.ticket, holder.service
    whom = about(cas, tx, service, ticket)
    user = service.user_name(whom)
    if user is None:  # it was there at the sign-in
        raise InvalidTicket(detail=f"{service.id}: no {service.rules.user}")
    claims = {identity.USER_NAMES[service.rules.user].claim}
    attributes: Mapping[str, tuple[str, ...]] | None = None
    if question.attributes:
        own = {name: values for name, source in service.attributes.items() if (values := identity.attribute(source, whom))}
        claims |= {identity.ATTRIBUTES[service.attributes[name]].claim for name in own}
        attributes = {**_standard(ticket), **own}
    ledger.record(tx, service.id, ticket.person_id, Place.CAS, claims)
    logout.note_login(tx, cas.deployment.ring.vault, question.ticket, ticket)
    return Validated(user, attributes, proxies=ticket.proxies)


def _standard(ticket: Ticket) -> dict[str, tuple[str, ...]]:
    """Appendix A. Nobody is remembered longer than their session here (§4.1 is left out)."""
    moment = ticket.auth_time.isoformat(timespec="seconds").replace("+00:00", "Z")
    values = (moment, "false", "true" if ticket.new_login else "false")
    return {name: (value,) for name, value in zip(identity.STANDARD_ATTRIBUTES, values, strict=True)}


def _may_call_back(service: Service, pgt_url: str) -> bool:
    try:
        url = service_url.parse(pgt_url)
    except UnknownService:
        return False
    return any(service_url.lies_under(url, service_url.parse(registered)) for registered in service.rules.proxy_callbacks)


def _call_back(cas: CasServer, service: Service, pgt_url: str) -> tuple[str, str]:
    """§2.5.4: hands the proxy-granting ticket to the callback address, outside of any transaction; returns IOU and ticket."""
    iou, granting = tickets.new(tickets.IOU), tickets.new(tickets.GRANTING)
    address = service_url.with_parameters(pgt_url, urlencode({"pgtId": granting, "pgtIou": iou}))
    try:
        # The way out checks the certificate; a redirect is an answer like any other, and not followed.
        status = cas.outgoing.get(address).status
    except FetchFailed as error:
        raise InvalidProxyCallback(detail=f"{service.id}: {error.detail}") from None
    if status != 200:
        raise InvalidProxyCallback(detail=f"{service.id}: status {status}")
    return iou, granting
