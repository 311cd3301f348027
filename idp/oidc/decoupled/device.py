"""The device flow (RFC 8628): a screen without a keyboard shows a code, and a person agrees to it on their phone."""

import secrets
from datetime import timedelta

from sqlalchemy import select

from idp.audit import Actor, Transaction
from idp.oidc.clients.client import Client
from idp.oidc.clients.metadata import DEVICE_CODE
from idp.oidc.decoupled import request as decoupled
from idp.oidc.errors import InvalidScope, UnauthorizedClient
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import parse, required
from idp.oidc.provider import Provider
from idp.oidc.tables import DecoupledRequest
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.client_authentication import authenticate
from idp.oidc.token.token_request import TokenRequest
from idp.oidc.token_hash import digest, new_token
from idp.release.scopes import SCOPES, split
from idp.web.machine import MachineAnswer, MachineRequest

KIND = "device"
LIFETIME = timedelta(minutes=10)
# §6.1: letters without vowels make no words; eight of them are 34 bits, guessed at through a throttle for ten minutes.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"


def authorize_device(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    """``/oauth/device_authorization`` (§3.1, §3.2)."""
    parameters = parse(request.body) if request.is_form else {}
    client = authenticate(provider, issuer, request, parameters)
    if DEVICE_CODE not in client.metadata.grant_types:
        raise UnauthorizedClient
    scopes = split(parameters.get("scope", "openid"))
    if "openid" not in scopes or any(scope not in SCOPES or scope not in client.scopes for scope in scopes):
        raise InvalidScope
    code, user_code = new_token(), "".join(secrets.choice(ALPHABET) for _ in range(8))
    with provider.deployment.transaction(Actor("app", client.id, request.address)) as tx:
        row = DecoupledRequest(code_hash=digest(code), kind=KIND, handle=user_code, client_id=client.id, issuer=issuer.name)
        row.scope, row.state, row.interval = " ".join(scopes), decoupled.WAITING, decoupled.INTERVAL_SECONDS
        row.level, row.expires_at = client.policy.required_level, tx.now + LIFETIME
        tx.session.add(row)
    page = f"{provider.deployment.settings.public_url}/device"
    shown = f"{user_code[:4]}-{user_code[4:]}"
    body = {
        "device_code": code,
        "user_code": shown,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={shown}",
        "expires_in": int(LIFETIME.total_seconds()),
        "interval": decoupled.INTERVAL_SECONDS,
    }
    return MachineAnswer(200, body)


def find(tx: Transaction, text: str) -> DecoupledRequest | None:
    """The waiting request with this code, as people type it: any case, with or without the hyphen."""
    code = "".join(character for character in text.upper() if character in ALPHABET)
    if len(code) != 8:
        return None
    row = tx.session.scalar(select(DecoupledRequest).where(DecoupledRequest.handle == code, DecoupledRequest.kind == KIND))
    return row if decoupled.is_waiting(row, tx.now) else None


def exchange(provider: Provider, issuer: Issuer, client: Client, request: TokenRequest) -> TokenAnswer:
    """The grant (§3.4, §3.5): the device asks until the person has answered."""
    return decoupled.exchange(provider, issuer, client, request, KIND, required(request.parameters, "device_code"))
