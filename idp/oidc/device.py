"""The device flow (RFC 8628): a screen without a keyboard shows a code, and a person agrees to it on their phone."""

import secrets
from datetime import timedelta

from sqlalchemy import select, update

from idp.audit import Actor, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.login.sessions import SignedIn
from idp.oidc.clients.client import Client
from idp.oidc.clients.metadata import DEVICE_CODE
from idp.oidc.errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InvalidGrant,
    InvalidScope,
    SlowDown,
    UnauthorizedClient,
)
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import parse, required
from idp.oidc.provider import Provider
from idp.oidc.scopes import SCOPES, split
from idp.oidc.tables import DeviceRequest, Grant
from idp.oidc.token.answer import TokenAnswer
from idp.oidc.token.client_authentication import authenticate
from idp.oidc.token.personal import make_tokens
from idp.oidc.token.token_request import TokenRequest
from idp.oidc.token_hash import digest, new_token
from idp.web.machine import MachineAnswer, MachineRequest

GRANT_TYPE = DEVICE_CODE
LIFETIME = timedelta(minutes=10)
INTERVAL_SECONDS = 5
# §6.1: letters without vowels make no words; eight of them are 34 bits, guessed at through a throttle for ten minutes.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
WAITING, AGREED, REFUSED = "waiting", "agreed", "refused"


def authorize_device(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    """``/oauth/device_authorization`` (§3.1, §3.2)."""
    parameters = parse(request.body) if request.is_form else {}
    client = authenticate(provider, issuer, request, parameters)
    if GRANT_TYPE not in client.metadata.grant_types:
        raise UnauthorizedClient
    scopes = split(parameters.get("scope", "openid"))
    if "openid" not in scopes or any(scope not in SCOPES or scope not in client.scopes for scope in scopes):
        raise InvalidScope
    code, user_code = new_token(), "".join(secrets.choice(ALPHABET) for _ in range(8))
    with provider.deployment.transaction(Actor("app", client.id, request.address)) as tx:
        row = DeviceRequest(code_hash=digest(code), user_code=user_code, client_id=client.id, issuer=issuer.name)
        row.scope, row.state, row.interval, row.expires_at = " ".join(scopes), WAITING, INTERVAL_SECONDS, tx.now + LIFETIME
        tx.session.add(row)
    page = f"{provider.deployment.settings.public_url}/device"
    shown = f"{user_code[:4]}-{user_code[4:]}"
    body = {
        "device_code": code,
        "user_code": shown,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={shown}",
        "expires_in": int(LIFETIME.total_seconds()),
        "interval": INTERVAL_SECONDS,
    }
    return MachineAnswer(200, body)


def find(tx: Transaction, text: str) -> DeviceRequest | None:
    """The waiting request with this code, as people type it: any case, with or without the hyphen."""
    code = "".join(character for character in text.upper() if character in ALPHABET)
    row = tx.session.scalar(select(DeviceRequest).where(DeviceRequest.user_code == code[:8])) if len(code) == 8 else None
    return row if row is not None and row.state == WAITING and row.expires_at > tx.now else None


def decide(tx: Transaction, row: DeviceRequest, signed_in: SignedIn, *, agreed: bool) -> bool:
    """Writes the person's answer down; ``False`` where somebody has answered already."""
    grant_id = None
    if agreed:
        grant = Grant(
            id=secrets.token_urlsafe(24),
            client_id=row.client_id,
            person_id=signed_in.person_id,
            sid=secrets.token_urlsafe(24),  # the device's own: it stays signed in when the phone signs out
            scope=row.scope,
            level=signed_in.level,
            methods=list(signed_in.methods),
            auth_time=signed_in.auth_time,
            created_at=tx.now,
        )
        tx.session.add(grant)
        tx.session.flush()
        grant_id = grant.id
    answering = (
        update(DeviceRequest)
        .where(DeviceRequest.code_hash == row.code_hash, DeviceRequest.state == WAITING)
        .values(state=AGREED if agreed else REFUSED, grant_id=grant_id)
    )
    return compare_and_set(tx.session, answering)


def exchange(provider: Provider, issuer: Issuer, client: Client, request: TokenRequest) -> TokenAnswer:
    """The grant (§3.4, §3.5): the device asks until the person has answered."""
    code = required(request.parameters, "device_code")
    with provider.deployment.transaction(Actor("app", client.id, request.address)) as tx:
        row = tx.session.get(DeviceRequest, digest(code))
        if row is None or row.client_id != client.id or row.issuer != issuer.name or row.spent_at is not None:
            raise InvalidGrant(detail="unknown device code, another client's, or used")
        if row.expires_at <= tx.now:
            raise ExpiredToken
        if row.state == REFUSED:
            raise AccessDenied
        if row.state == AGREED:
            return _spend(provider, issuer, client, tx, row, request)
        too_soon = row.polled_at is not None and tx.now < row.polled_at + timedelta(seconds=row.interval)
        row.polled_at = tx.now
        if too_soon:
            row.interval += INTERVAL_SECONDS  # §3.5: and every later pause with it
    raise SlowDown if too_soon else AuthorizationPending


def _spend(
    provider: Provider, issuer: Issuer, client: Client, tx: Transaction, row: DeviceRequest, request: TokenRequest
) -> TokenAnswer:
    spending = (
        update(DeviceRequest)
        .where(DeviceRequest.code_hash == row.code_hash, DeviceRequest.spent_at.is_(None))
        .values(spent_at=tx.now)
    )
    if not compare_and_set(tx.session, spending):
        raise InvalidGrant(detail="device code used twice")
    grant = tx.session.get_one(Grant, row.grant_id)
    if grant.revoked_at is not None:
        raise InvalidGrant(detail="the grant was revoked")
    return make_tokens(provider, issuer, client, tx, grant, scope=grant.scope, nonce=None, jkt=request.jkt)
