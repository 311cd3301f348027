"""Client-Initiated Backchannel Authentication (CIBA Core 1.0), poll and ping: the app names a person, who agrees on their phone."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Actor, Transaction
from idp.i18n import N_
from idp.login.requirement import Requirement, assess
from idp.mfa import limits
from idp.mfa.policy import highest_level, level_of_acr
from idp.notices import book
from idp.notices.events import Event
from idp.oidc import id_token
from idp.oidc.authorize import request_object
from idp.oidc.clients.client import Client
from idp.oidc.clients.metadata import CIBA
from idp.oidc.decoupled import request as decoupled
from idp.oidc.errors import (
    InvalidBindingMessage,
    InvalidRequest,
    InvalidScope,
    OAuthError,
    UnauthorizedClient,
    UnknownClient,
    UnknownUserId,
    UnmetAuthenticationRequirements,
)
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import parse, required
from idp.oidc.provider import Provider
from idp.oidc.tables import DecoupledRequest, Grant
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.client_authentication import authenticate
from idp.oidc.token.token_request import TokenRequest
from idp.oidc.token_hash import digest, new_token
from idp.outbox import queue
from idp.registry import lookup, persons
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person
from idp.release import consent
from idp.release.scopes import SCOPES, split
from idp.web.machine import MachineAnswer, MachineRequest

KIND = "ciba"
PING = "ciba_ping"
LIFETIME_SECONDS, LONGEST_SECONDS = 300, 600
MAX_MESSAGE = 64
MOST_WAITING = 3  # of one person: nobody is to be worn down until they agree
RINGS_A_DAY = 5
LEAST_LEVEL = 2
"""Our policy: the answer comes with a second factor, because nobody sits before the screen that asks."""

_HINTS = ("login_hint", "id_token_hint", "login_hint_token")
_NOTIFICATION_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{22,1024}=*\Z")


class PingNotTaken(OAuthError):
    """The app did not take the ping; it may still poll."""

    default_message = N_("The app did not take the notice.")


class TooManyWaiting(OAuthError):
    """CIBA Core 1.0 §13: we do not ask this person now."""

    error = "access_denied"
    status = 403
    default_message = N_("Too many requests wait for this person already.")


def authorize(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    """``/oauth/bc-authorize`` (§7.1, §7.3)."""
    given = parse(request.body) if request.is_form else {}
    client = authenticate(provider, issuer, request, given)
    if CIBA not in client.metadata.grant_types:
        raise UnauthorizedClient
    if client.metadata.backchannel_authentication_request_signing_alg is not None and "request" not in given:
        raise InvalidRequest(N_("This app signs its requests (JAR)."))
    parameters = request_object.opened(provider, issuer, client, given)
    scopes, wanted, seconds = _scopes(client, parameters), _wanted(provider, client, parameters), _lifetime(parameters)
    message, notify = _message(parameters), _notification_token(client, parameters)
    code = new_token()
    with provider.deployment.transaction(Actor("app", client.id, request.address)) as tx:
        person = _person(provider, issuer, tx, client, parameters)
        if len(waiting_for(tx.session, person.id, tx.now)) >= MOST_WAITING:
            raise TooManyWaiting
        level = assess(tx.session, provider.site, wanted, person.id, tx.now).chosen
        row = DecoupledRequest(code_hash=digest(code), kind=KIND, handle=new_token(), client_id=client.id, issuer=issuer.name)
        row.person_id, row.level, row.binding_message = person.id, level, message
        row.scope, row.state, row.interval = " ".join(scopes), decoupled.WAITING, decoupled.INTERVAL_SECONDS
        row.expires_at = tx.now + timedelta(seconds=seconds)
        if notify is not None:
            secret = json.dumps({"auth_req_id": code, "token": notify})
            row.notification_sealed = provider.deployment.ring.vault.seal(secret, context=f"ciba:{row.code_hash}")
        tx.session.add(row)
        _ring(tx, person.id, row)
    return MachineAnswer(200, {"auth_req_id": code, "expires_in": seconds, "interval": decoupled.INTERVAL_SECONDS})


def page_for(public_url: str) -> Callable[[Session, int, datetime], str]:
    """Says for a person (by row id) the address of the page where something waits for their answer, or nothing."""
    return lambda session, person_id, now: f"{public_url}/approvals" if waiting_for(session, person_id, now) else ""


def _ring(tx: Transaction, person_id: int, row: DecoupledRequest) -> None:
    """§8: the question comes to the person, on every channel there is.

    Our policy: a few times a day. An app that asks without end must not use up the messages that tell of a theft.
    """
    if limits.count(tx, f"approval:{person_id}", timedelta(days=1)) <= RINGS_A_DAY:
        until = {"until": row.expires_at.isoformat()}
        book.give(tx, person_id, Event.APPROVAL_WAITS, detail=until, expires_at=row.expires_at)


def exchange(provider: Provider, issuer: Issuer, client: Client, request: TokenRequest) -> TokenAnswer:
    """The grant (§10.1)."""
    return decoupled.exchange(provider, issuer, client, request, KIND, required(request.parameters, "auth_req_id"))


def waiting_for(session: Session, person_id: int, now: datetime) -> Sequence[DecoupledRequest]:
    """What waits for this person's answer, the oldest first."""
    mine = select(DecoupledRequest).where(
        DecoupledRequest.person_id == person_id,
        DecoupledRequest.kind == KIND,
        DecoupledRequest.state == decoupled.WAITING,
        DecoupledRequest.expires_at > now,
    )
    return session.scalars(mine.order_by(DecoupledRequest.expires_at)).all()


def find(tx: Transaction, handle: str, person_id: int) -> DecoupledRequest | None:
    """The request with this handle, if it waits for this very person."""
    row = tx.session.scalar(select(DecoupledRequest).where(DecoupledRequest.handle == handle, DecoupledRequest.kind == KIND))
    return row if row is not None and row.person_id == person_id and decoupled.is_waiting(row, tx.now) else None


def answered(tx: Transaction, row: DecoupledRequest) -> None:
    """Has the app pinged, where it wants that (§10.2)."""
    if row.notification_sealed is not None:
        queue.put(tx, PING, {"client_id": row.client_id, "code_hash": row.code_hash}, subject=f"app:{row.client_id}")


def sender(provider: Provider) -> Callable[[dict[str, Any]], None]:
    """Delivers one ping (§10.2). Raises :class:`PingNotTaken`, or ``FetchFailed``."""

    def send(payload: dict[str, Any]) -> None:
        try:
            client = provider.clients.get(payload["client_id"])
        except UnknownClient:  # switched off meanwhile: there is nobody to tell
            return
        with provider.deployment.reading() as session:
            row = session.get(DecoupledRequest, payload["code_hash"])
            sealed = row.notification_sealed if row is not None else None
        endpoint = client.metadata.backchannel_client_notification_endpoint
        if sealed is None or endpoint is None:
            return
        secret = json.loads(provider.deployment.ring.vault.open(sealed, context=f"ciba:{payload['code_hash']}"))
        body = json.dumps({"auth_req_id": secret["auth_req_id"]}).encode()
        answer = provider.outgoing.post(endpoint, body, content_type="application/json", authorization=f"Bearer {secret['token']}")
        if answer.status not in (200, 204):
            raise PingNotTaken(detail=f"status {answer.status}")

    return send


def _scopes(client: Client, parameters: dict[str, str]) -> tuple[str, ...]:
    scopes = split(required(parameters, "scope"))
    if "openid" not in scopes or any(scope not in SCOPES or scope not in client.scopes for scope in scopes):
        raise InvalidScope
    return scopes


def _wanted(provider: Provider, client: Client, parameters: dict[str, str]) -> Requirement:
    """The level, by what the installation can prove; which of several it is depends on the person, and is not told to the app."""
    asked = [level for level in map(level_of_acr, parameters.get("acr_values", "").split()) if level is not None]
    reachable = [level for level in asked if level <= highest_level(provider.site)]
    if asked and not reachable:
        raise UnmetAuthenticationRequirements
    level = max(LEAST_LEVEL, client.policy.required_level)
    return Requirement(level, client_id=client.id, wished=tuple(reachable))


def _lifetime(parameters: dict[str, str]) -> int:
    text = parameters.get("requested_expiry", str(LIFETIME_SECONDS))
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise InvalidRequest(N_("The parameter %(name)s has a value that it cannot have."), name="requested_expiry")
    return min(int(text), LONGEST_SECONDS)


def _message(parameters: dict[str, str]) -> str | None:
    """§7.1: short and plain, so that a person can compare it with what they see elsewhere."""
    message = parameters.get("binding_message")
    if message is not None and (len(message) > MAX_MESSAGE or not message.isprintable()):
        raise InvalidBindingMessage
    return message


def _notification_token(client: Client, parameters: dict[str, str]) -> str | None:
    if client.metadata.backchannel_token_delivery_mode != "ping":
        return None
    token = required(parameters, "client_notification_token")
    if not _NOTIFICATION_TOKEN.match(token):  # §7.1: 128 bits at least, in the characters of RFC 6750
        raise InvalidRequest(N_("The parameter %(name)s has a value that it cannot have."), name="client_notification_token")
    return token


def _person(provider: Provider, issuer: Issuer, tx: Transaction, client: Client, parameters: dict[str, str]) -> Person:
    """§7.1: one hint, and no more. Raises :class:`UnknownUserId`."""
    hints = [name for name in _HINTS if name in parameters]
    if len(hints) != 1 or hints == ["login_hint_token"]:
        raise InvalidRequest(N_("A request names the person once, by login_hint or id_token_hint."))
    here = provider.deployment
    if hints == ["login_hint"]:
        person = lookup.person_for_account(tx.session, here.ring.vault, parameters["login_hint"], None, tx.now.date())
    else:
        person = _by_hint(provider, issuer, tx, client, parameters["id_token_hint"])
    if person is None or person.status != PersonStatus.ACTIVE:
        raise UnknownUserId
    return person


def _by_hint(provider: Provider, issuer: Issuer, tx: Transaction, client: Client, token: str) -> Person | None:
    claims = id_token.read_hint(provider.deployment.ring, issuer, token, tx.now)
    if claims.get("aud") != client.id:
        raise UnknownUserId
    # The subject cannot be turned back into a person: the grant that the token came from, or the consent, knows whose it was.
    found = tx.session.scalar(select(Grant.person_id).where(Grant.client_id == client.id, Grant.sid == str(claims.get("sid"))))
    found = found or consent.person_of_subject(tx.session, client.id, str(claims.get("sub")))
    return persons.by_id(tx.session, found) if found is not None else None
