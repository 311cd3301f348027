"""``/proxy`` (§2.7): a proxy ticket for another app, from an app that holds a proxy-granting ticket."""

from dataclasses import replace

from idp.apps.audience import is_for
from idp.audit import Actor
from idp.release import consent
from idp.sso.cas import service_url, tickets
from idp.sso.cas.errors import InvalidTicket, UnauthorizedService, UnknownService
from idp.sso.cas.server import CasServer
from idp.sso.cas.validation import about


def proxy_ticket(cas: CasServer, pgt: str, target: str, address: str | None) -> str:
    """A proxy ticket for ``target``. Raises :class:`InvalidTicket`, or :class:`UnauthorizedService`.

    Nobody is there to be asked, so only an app that is registered, that the person has agreed to (or that is the school's own), and
    whose level their session has reached, can be had by proxy.
    """
    directory, now = cas.services.now(), cas.deployment.clock.now()
    with cas.deployment.transaction(Actor("app", "cas", address)) as tx:
        ticket = tickets.granting(tx.session, pgt, now)
        if ticket is None or not tickets.session_lasts(tx.session, ticket, cas.limits, now):
            raise InvalidTicket
        try:
            directory.get(ticket.app_id)  # the app that asks, which may have been switched off meanwhile
            service = directory.at(service_url.parse(target))
        except UnknownService as error:
            raise UnauthorizedService(detail=error.detail) from None
        vault = cas.deployment.ring.vault
        agreed = consent.covers(tx.session, vault, service, ticket.person_id, service.needed_scopes, now.date())
        meant = is_for(tx.session, service.audience, ticket.person_id, now.date())
        known = service.user_name(about(cas, tx, service, ticket)) is not None
        if not agreed or not meant or not known or ticket.level < service.rules.required_level:
            raise UnauthorizedService(detail=f"{service.id}: agreed={agreed} known={known} level={ticket.level}")
        text = tickets.new(tickets.PROXY)
        # §2.5.1: it did not come from a sign-in made for this app.
        given = replace(ticket, kind=tickets.PROXY, app_id=service.id, service=target, new_login=False)
        tickets.keep(tx, text, given, lifetime=cas.deployment.settings.cas_ticket_lifetime)
    return text
