"""Registration over the network (OpenID Connect Dynamic Client Registration 1.0, RFC 7591) and its management (RFC 7592)."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from idp.apps import register
from idp.apps.errors import InvalidRegistration
from idp.apps.register import AppStatus, Particulars
from idp.apps.tables import App
from idp.audit import Actor, Transaction
from idp.crypto.errors import InvalidEncoding
from idp.crypto.jose.strict_json import read_object
from idp.i18n import N_
from idp.oidc import families
from idp.oidc.clients import initial_access, registration
from idp.oidc.clients.initial_access import Right
from idp.oidc.clients.metadata import ClientMetadata
from idp.oidc.clients.policy import Policy
from idp.oidc.clients.registration import Registration
from idp.oidc.clients.remote import check_sector_identifier
from idp.oidc.errors import InvalidAccessToken, InvalidClientMetadata, InvalidRedirectUri, InvalidSoftwareStatement
from idp.oidc.issuer import Issuer
from idp.oidc.parameters import parse
from idp.oidc.provider import Provider
from idp.oidc.tables import OidcClient
from idp.oidc.token_hash import digest, new_token
from idp.release.scopes import SCOPES, split
from idp.web.machine import MachineAnswer, MachineRequest

ENDPOINT = "register"
T = TypeVar("T")


def register_client(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    """``/oauth/register``: POST registers; GET, PUT and DELETE with ``client_id`` in the query manage one registration."""
    if request.method == "POST":
        return _register(provider, issuer, request)
    return _manage(provider, issuer, request)


def _register(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    settings = provider.deployment.settings
    if settings.registration == "closed":
        raise InvalidAccessToken(N_("Apps are registered here by an administrator."))
    token = _bearer(request)
    if settings.registration == "token" and token is None:
        raise InvalidAccessToken
    members = _members(request)
    metadata = _metadata(members)
    sector = _sector(provider, metadata)
    management = new_token()
    with provider.deployment.transaction(Actor("system", "registration", request.address)) as tx:
        right = initial_access.spend(tx, token) if token is not None else _anybody(provider)
        wanted = Registration(
            _particulars(metadata, right),
            metadata,
            Policy(requires_pkce=settings.registration_requires_pkce or metadata.is_public),
            issuer=issuer.name,
            sector=sector,
        )
        made = _refusing(lambda: registration.add(tx, wanted, settings, reviewed=not settings.registration_review))
        made.client.registration_token_hash = digest(management)
        body = _information(issuer, made.app, made.client) | _secret(made.secret)
    return MachineAnswer(201, body | {"registration_access_token": management})


def _manage(provider: Provider, issuer: Issuer, request: MachineRequest) -> MachineAnswer:
    """RFC 7592 §2. A wrong token and an unknown client are answered alike (§2.1)."""
    client_id = parse(request.query).get("client_id", "")
    token = _bearer(request)
    metadata = _replacement(request, client_id) if request.method == "PUT" else None
    sector = _sector(provider, metadata) if metadata is not None else None
    with provider.deployment.transaction(Actor("app", client_id[:32] or "?", request.address)) as tx:
        client, app = _authorized(tx, issuer, client_id, token)
        if request.method == "DELETE":
            client.registration_token_hash = None
            register.retire(tx, app.id)
            families.revoke_all_of_app(tx, app.id)
            answer = MachineAnswer(204, None)
        else:
            secret = None
            if metadata is not None:
                wanted = metadata
                secret = _refusing(lambda: registration.replace(tx, client, wanted, sector, provider.deployment.settings))
            answer = MachineAnswer(200, _information(issuer, app, client) | _secret(secret))
    provider.clients.forget(client_id)
    return answer


def _authorized(tx: Transaction, issuer: Issuer, client_id: str, token: str | None) -> tuple[OidcClient, App]:
    client, app = tx.session.get(OidcClient, client_id[:32]), tx.session.get(App, client_id[:32])
    if client is None or app is None or token is None or client.registration_token_hash is None:
        raise InvalidAccessToken(detail="registration access token")
    fits = secrets.compare_digest(client.registration_token_hash, digest(token))
    if not fits or client.issuer != issuer.name or app.status == AppStatus.RETIRED:
        raise InvalidAccessToken(detail="registration access token")
    return client, app


def _information(issuer: Issuer, app: App, client: OidcClient) -> dict[str, object]:
    """RFC 7591 §3.2.1: everything that is registered now, whatever was asked for."""
    return {
        **ClientMetadata.from_json(client.client_metadata).said(),
        "scope": " ".join(app.scopes),
        "client_name": app.name,
        "client_id": app.id,
        "client_id_issued_at": int(app.created_at.timestamp()),
        "registration_client_uri": f"{issuer.endpoint(ENDPOINT)}?client_id={app.id}",
    }


def _secret(secret: str | None) -> dict[str, object]:
    # §3.2.1: needed beside a secret; 0: it does not expire. We keep a digest only, so a secret is told this once.
    return {"client_secret": secret, "client_secret_expires_at": 0} if secret is not None else {}


def _bearer(request: MachineRequest) -> str | None:
    scheme, _, token = request.authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _anybody(provider: Provider) -> Right:
    settings = provider.deployment.settings
    return Right(settings.registration_owner, split(settings.registration_scopes))


def _members(request: MachineRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise InvalidClientMetadata(N_("Client metadata is a JSON object."))
    try:
        members = read_object(request.body)
    except InvalidEncoding:
        raise InvalidClientMetadata(N_("Client metadata is a JSON object.")) from None
    if "software_statement" in members:
        # RFC 7591 §2.3: nobody's statements are trusted here, and one that is ignored would pass for one that was believed.
        raise InvalidSoftwareStatement
    return members


def _metadata(members: Mapping[str, Any]) -> ClientMetadata:
    return _refusing(lambda: ClientMetadata.from_json(members))


def _replacement(request: MachineRequest, client_id: str) -> ClientMetadata:
    """RFC 7592 §2.2: the whole of it, for this very client; what only we can set is not in it."""
    members = _members(request)
    if members.get("client_id") != client_id:
        raise InvalidClientMetadata(N_("The client_id is not that of the address."))
    for name in ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"):
        if name in members:
            raise InvalidClientMetadata(N_("The member %(name)s is not for an app to set."), name=name)
    return _metadata(members)


def _sector(provider: Provider, metadata: ClientMetadata) -> str | None:
    uri = metadata.sector_identifier_uri
    if uri is None:
        return None
    _refusing(lambda: check_sector_identifier(provider.outgoing, uri, metadata.redirect_uris))
    return urlsplit(uri).hostname


def _particulars(metadata: ClientMetadata, right: Right) -> Particulars:
    asked = split(metadata.scope or "")
    scopes = [scope for scope in right.scopes if not asked or scope in asked] or ["openid"]
    known = [scope for scope in asked if scope in SCOPES]
    # What the register wants to know and the app did not say is told by its address.
    address = metadata.client_uri or next((urlsplit(uri).netloc for uri in metadata.redirect_uris), "") or "?"
    contact = metadata.contacts[0] if metadata.contacts else address
    return Particulars((metadata.client_name or address)[:100], right.owner, contact[:254], address[:500], scopes, requested=known)


def _refusing(act: Callable[[], T]) -> T:
    """The errors of the register in the words of RFC 7591 §3.2.2."""
    try:
        return act()
    except InvalidRegistration as error:
        kind = InvalidRedirectUri if error.field == "redirect_uris" else InvalidClientMetadata
        raise kind(error.message, detail=error.detail, **error.params) from None
