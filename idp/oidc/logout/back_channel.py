"""OpenID Connect Back-Channel Logout 1.0: telling apps, from server to server, that a session has ended."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.crypto.jose import jwt
from idp.i18n import N_
from idp.keys import Vault
from idp.login.participants import Participant, Telling
from idp.oidc.errors import OAuthError, UnknownClient
from idp.oidc.provider import Provider
from idp.oidc.tables import Grant, OidcClient
from idp.oidc.token_hash import new_token
from idp.outbox.worker import NobodyThere
from idp.registry.tables import Person
from idp.web.machine import FORM

KIND = "back_channel_logout"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME_SECONDS = 120


class LogoutNotTaken(OAuthError):
    """The app did not say that it has ended its session."""

    default_message = N_("The app did not take the sign-out.")


def participants(vault: Vault) -> Callable[[Session, str], list[Participant]]:
    """The apps that were signed in to from a session, each with its one message (§2.2) and whether it has a page of its own."""

    def of_session(session: Session, sid: str) -> list[Participant]:
        here = select(Grant.client_id, Grant.person_id).where(Grant.sid == sid).distinct().subquery()
        statement = (
            select(OidcClient.app_id, OidcClient.sector, OidcClient.client_metadata, Person.number)
            .join(here, here.c.client_id == OidcClient.app_id)
            .join(Person, Person.id == here.c.person_id)
        )
        found = []
        for client_id, sector, metadata, number in session.execute(statement):
            payload = {"client_id": client_id, "sid": sid, "sub": vault.pairwise_subject(sector, number)}
            uri = metadata.get("backchannel_logout_uri")
            messages = (Telling(KIND, payload, uri),) if uri is not None else ()
            found.append(Participant(client_id, messages, metadata.get("frontchannel_logout_uri") is not None))
        return found

    return of_session


def sender(provider: Provider) -> Callable[[dict[str, Any]], None]:
    """Delivers one message (§2.5). Raises :class:`LogoutNotTaken`, ``FetchFailed``, or ``NobodyThere``."""

    def send(payload: dict[str, Any]) -> None:
        try:
            client = provider.clients.get(payload["client_id"])
        except UnknownClient:  # switched off meanwhile
            raise NobodyThere(detail="the app is not in use") from None
        if client.metadata.backchannel_logout_uri is None:
            raise NobodyThere(detail="the app is not told any more")
        body = urlencode({"logout_token": logout_token(provider, payload)}).encode()
        answer = provider.outgoing.post(client.metadata.backchannel_logout_uri, body, content_type=FORM)
        if answer.status not in (200, 204):
            raise LogoutNotTaken(detail=f"status {answer.status}")

    return send


def logout_token(provider: Provider, payload: dict[str, Any]) -> str:
    """The token (§2.4): made when it is sent, so that a late try is not an expired one. No nonce, so that it is no ID token."""
    here = provider.deployment
    client = provider.clients.get(payload["client_id"])
    issued = int(here.clock.now().timestamp())
    claims: dict[str, object] = {
        "iss": provider.issuers[client.issuer].url,
        "aud": client.id,
        "iat": issued,
        "exp": issued + LIFETIME_SECONDS,
        "jti": new_token(),
        "sub": payload["sub"],
        "sid": payload["sid"],
        "events": {EVENT: {}},
    }
    return jwt.encode(claims, here.ring.signer(client.id_token_alg, here.clock.now()), typ="logout+jwt")
