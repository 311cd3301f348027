"""Whose token a request brings: an app's own, of either issuer, with the scope ``signing``, and bound to what it is bound to."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from idp.audit import Actor
from idp.oidc.bearer import presented_token
from idp.oidc.errors import InsufficientScope, InvalidAccessToken
from idp.oidc.possession import confirmation
from idp.oidc.token import access_token
from idp.oidc.token.access_token import Found
from idp.signing.service import SCOPE, Service
from idp.web.machine import MachineRequest


@dataclass(frozen=True)
class Caller:
    """An app that may use the service; with which keys, its permissions say."""

    app_id: str
    actor: Actor


def admit(service: Service, request: MachineRequest, url: str) -> Caller:
    """Raises ``InvalidAccessToken``, ``InsufficientScope``, ``InvalidDpopProof``. ``url`` is what was called, for the proof."""
    presented = presented_token(request)
    deployment = service.deployment
    with deployment.reading() as session:
        token = _found(service, session, presented.text)
    # Between the two: a proof is spent on a connection of its own.
    confirmation.check(service.provider, request, url, presented, token.cnf)
    if token.audience and service.url not in token.audience:
        raise InvalidAccessToken(detail="for another resource")  # RFC 8707 §3
    # A token of a person is not the app's word; and what was taken from the app holds at once, not with its next token.
    if token.person_id is not None or SCOPE not in token.scope.split():
        raise InsufficientScope
    if SCOPE not in service.provider.clients.get(token.client_id).scopes:
        raise InsufficientScope
    return Caller(token.client_id, Actor("app", token.client_id, request.address))


def _found(service: Service, session: Session, text: str) -> Found:
    now, error = service.deployment.clock.now(), InvalidAccessToken()
    for issuer in service.provider.issuers.values():
        try:
            return access_token.find(service.provider, issuer, session, text, now)
        except InvalidAccessToken as refused:
            error = refused
    raise error
