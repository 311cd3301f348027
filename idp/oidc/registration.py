"""Registering an app as an OpenID client."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from idp.apps import register
from idp.apps.errors import InvalidRegistration, NoSuchApp
from idp.apps.tables import App
from idp.audit import Action, Transaction
from idp.crypto.errors import CryptoError
from idp.crypto.jose import KeySet
from idp.i18n import N_
from idp.keys.states import TOKEN_ALGORITHMS
from idp.oidc import redirect_uri
from idp.oidc.authorize import response
from idp.oidc.scopes import SCOPES
from idp.oidc.tables import OidcClient
from idp.oidc.token_hash import digest

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials", "implicit", DEVICE_CODE)
SECRET_OVERLAP = timedelta(days=1)
MAX_REDIRECT_URIS = 20


@dataclass(frozen=True)
class Registration:
    """What is asked for. ``required_level`` is the level every sign-in to this app must reach."""

    particulars: register.Particulars
    redirect_uris: Sequence[str] = ()
    post_logout_redirect_uris: Sequence[str] = ()
    back_channel_logout_uri: str | None = None
    issuer: str = "sm"
    auth_method: str = "client_secret_basic"
    grant_types: Sequence[str] = ("authorization_code", "refresh_token")
    response_types: Sequence[str] | None = None
    jwks: dict[str, Any] | None = None
    id_token_alg: str | None = None
    access_token_format: str = "opaque"  # noqa: S105 - a format's name
    required_level: int = 1
    requires_pushed: bool = False
    requires_dpop: bool = False
    trusted: bool = False
    introspects: bool = False


@dataclass(frozen=True)
class Registered:
    """The app, and its secret, which is shown this once."""

    app: App
    client: OidcClient
    secret: str | None = field(repr=False)


def add(tx: Transaction, wanted: Registration) -> Registered:
    """Registers the app. Raises :class:`InvalidRegistration` for what contradicts a rule."""
    _check(wanted)
    app = register.add(tx, wanted.particulars)
    secret = new_secret() if wanted.auth_method.startswith("client_secret") else None
    client = OidcClient(
        app_id=app.id,
        issuer=wanted.issuer,
        auth_method=wanted.auth_method,
        secret_hash=digest(secret) if secret else None,
        jwks=wanted.jwks,
        redirect_uris=list(wanted.redirect_uris),
        post_logout_redirect_uris=list(wanted.post_logout_redirect_uris),
        back_channel_logout_uri=wanted.back_channel_logout_uri,
        grant_types=sorted(wanted.grant_types),
        response_types=_response_types(wanted),
        id_token_alg=wanted.id_token_alg or TOKEN_ALGORITHMS[wanted.issuer][0],
        access_token_format=wanted.access_token_format,
        sector=_sector(wanted.redirect_uris) or app.id,
        required_level=wanted.required_level,
        requires_pushed=wanted.requires_pushed,
        requires_dpop=wanted.requires_dpop,
        trusted=wanted.trusted,
        introspects=wanted.introspects,
    )
    tx.session.add(client)
    tx.session.flush()
    return Registered(app, client, secret)


def rotate_secret(tx: Transaction, app_id: str) -> str:
    """A new secret; the old one works for a day more, so that the app can change over without an outage."""
    client = tx.session.get(OidcClient, app_id)
    if client is None:
        raise NoSuchApp(app=app_id[:32])
    if client.secret_hash is None:
        raise InvalidRegistration(reason=N_("it has no secret"))
    secret = new_secret()
    client.old_secret_hash, client.old_secret_until = client.secret_hash, tx.now + SECRET_OVERLAP
    client.secret_hash = digest(secret)
    tx.record(Action.APP_SECRET_ROTATED, subject=f"app:{app_id}")
    return secret


def new_secret() -> str:
    """256 bits, so that a digest of it needs no slow hash: it cannot be guessed."""
    return secrets.token_urlsafe(32)


def _check(wanted: Registration) -> None:
    known = (
        (wanted.issuer in TOKEN_ALGORITHMS, N_("the issuer is sm or intl")),
        (wanted.auth_method in AUTH_METHODS, N_("this way of authentication does not exist")),
        (set(wanted.grant_types) <= set(GRANT_TYPES) and wanted.grant_types, N_("this grant does not exist")),
        (set(wanted.particulars.scopes) <= set(SCOPES), N_("this scope does not exist")),
        (wanted.access_token_format in ("opaque", "jwt"), N_("an access token is opaque or jwt")),
        (1 <= wanted.required_level <= 4, N_("the level is 1 to 4")),
    )
    for holds, reason in known:
        if not holds:
            raise InvalidRegistration(reason=reason)
    if wanted.id_token_alg is not None and wanted.id_token_alg not in TOKEN_ALGORITHMS[wanted.issuer]:
        raise InvalidRegistration(reason=N_("this issuer does not sign with that algorithm"))
    _check_flows(wanted)
    if "client_credentials" in wanted.grant_types and wanted.auth_method == "none":
        raise InvalidRegistration(reason=N_("an app without a secret or key cannot get tokens of its own"))
    _check_uris(wanted)
    _check_keys(wanted)


def _response_types(wanted: Registration) -> list[str]:
    """What the app asked for, each as we write it; without a word the code flow, where it has that grant."""
    if wanted.response_types is None:
        return ["code"] if "authorization_code" in wanted.grant_types else []
    return sorted({response.named(response.words(name)) or name for name in wanted.response_types})


def _check_flows(wanted: Registration) -> None:
    # Dynamic Client Registration 1.0 §2: which grant types belong to which response types.
    for name in _response_types(wanted):
        if name not in response.RESPONSE_TYPES:
            raise InvalidRegistration(reason=N_("this response type does not exist"))
        words = response.words(name)
        needed = {"authorization_code"} if "code" in words else set()
        needed |= {"implicit"} if words & response.THROUGH_THE_BROWSER else set()
        if not needed <= set(wanted.grant_types):
            raise InvalidRegistration(reason=N_("code needs the grant authorization_code, id_token and token need implicit"))


def _check_uris(wanted: Registration) -> None:
    uris = [*wanted.redirect_uris, *wanted.post_logout_redirect_uris]
    uris += [wanted.back_channel_logout_uri] if wanted.back_channel_logout_uri is not None else []
    if _response_types(wanted) and not wanted.redirect_uris:
        raise InvalidRegistration(reason=N_("it needs a redirect URI"))
    if len(uris) > MAX_REDIRECT_URIS:
        raise InvalidRegistration(reason=N_("it has too many redirect URIs"))
    for uri in uris:
        redirect_uri.check(uri)


def _check_keys(wanted: Registration) -> None:
    if wanted.auth_method == "private_key_jwt" and wanted.jwks is None:
        raise InvalidRegistration(reason=N_("private_key_jwt needs the app's public keys (jwks)"))
    if wanted.jwks is not None:
        try:
            usable = KeySet.from_document(wanted.jwks).keys
        except CryptoError:
            usable = []
        if not usable:
            raise InvalidRegistration(reason=N_("the key set holds no usable public key"))


def _sector(uris: Sequence[str]) -> str | None:
    # OpenID Connect Core 1.0 §8.1: the host, when there is only one; else the app is a sector by itself.
    hosts = {urlsplit(uri).hostname for uri in uris}
    return hosts.pop() if len(hosts) == 1 else None
