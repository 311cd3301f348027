"""Registering an app as an OpenID client, and changing what is registered."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from idp.apps import register
from idp.apps.errors import InvalidRegistration, NoSuchApp
from idp.apps.tables import App
from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.keys.states import TOKEN_ALGORITHMS
from idp.oidc.authorize import response
from idp.oidc.clients import rules
from idp.oidc.clients.metadata import TLS_NAMES, ClientMetadata
from idp.oidc.clients.policy import Policy
from idp.oidc.tables import OidcClient
from idp.oidc.token_hash import digest
from idp.release.scopes import OWN, SCOPES
from idp.settings import Settings

SECRET_OVERLAP = timedelta(days=1)
PUBLIC_SECTOR = "*"
"""The sector of every app with public subjects (OpenID Connect Core 1.0 §8): they share one name for a person."""


@dataclass(frozen=True)
class Registration:
    """What is asked for. ``sector`` is the host of a ``sector_identifier_uri`` that was looked at (see ``sector``)."""

    particulars: register.Particulars
    metadata: ClientMetadata
    policy: Policy = field(default_factory=Policy)
    issuer: str = "sm"
    sector: str | None = None


@dataclass(frozen=True)
class Registered:
    """The app, and its secret, which is shown this once."""

    app: App
    client: OidcClient
    secret: str | None = field(repr=False)


def add(tx: Transaction, wanted: Registration, settings: Settings, *, reviewed: bool = True) -> Registered:
    """Registers the app; one that is not ``reviewed`` waits for an administrator.

    Raises :class:`InvalidRegistration` for what contradicts a rule.
    """
    if wanted.issuer not in TOKEN_ALGORITHMS:
        raise InvalidRegistration(reason=N_("the issuer is sm or intl"))
    named = {*wanted.particulars.scopes, *wanted.particulars.requested, *wanted.particulars.reasons}
    if not named <= {*SCOPES, *OWN}:
        raise InvalidRegistration(reason=N_("this value does not exist here"), field="scope")
    metadata = complete(wanted.metadata, wanted.issuer, wanted.policy)
    rules.check(rules.Candidate(wanted.issuer, _named(metadata, "-"), wanted.policy, settings))
    app = register.add(tx, wanted.particulars, reviewed=reviewed)
    metadata = _named(metadata, app.id)
    secret = new_secret() if metadata.has_secret else None
    client = OidcClient(
        app_id=app.id,
        issuer=wanted.issuer,
        secret_hash=digest(secret) if secret else None,
        client_metadata=metadata.to_json(),
        policy=wanted.policy.to_json(),
        sector=_sector(metadata, wanted.sector) or app.id,
    )
    tx.session.add(client)
    tx.session.flush()
    return Registered(app, client, secret)


def replace(tx: Transaction, client: OidcClient, metadata: ClientMetadata, sector: str | None, settings: Settings) -> str | None:
    """Puts other metadata in the place of what is registered (RFC 7592 §2.2); returns a secret where it needs a first one."""
    metadata = _judged(client, metadata, Policy(**client.policy), settings)
    client.client_metadata = metadata.to_json()
    if sector is None and client.sector == client.app_id:
        sector = client.app_id  # people keep their names in an app that was a sector by itself
    client.sector = _sector(metadata, sector) or client.app_id
    secret = None
    if metadata.has_secret and client.secret_hash is None:
        secret = new_secret()
        client.secret_hash = digest(secret)
    elif not metadata.has_secret:
        client.secret_hash = client.old_secret_hash = client.old_secret_until = None
    tx.session.flush()
    tx.record(Action.APP_CHANGED, subject=f"app:{client.app_id}")
    return secret


def set_policy(tx: Transaction, client: OidcClient, policy: Policy, metadata: ClientMetadata, settings: Settings) -> None:
    """Puts other rules in the place of the app's, with the metadata that goes with them. Raises :class:`InvalidRegistration`."""
    client.client_metadata = _judged(client, metadata, policy, settings).to_json()
    client.policy = policy.to_json()
    tx.session.flush()
    tx.record(Action.APP_CHANGED, subject=f"app:{client.app_id}", detail={"policy": client.policy})


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


def complete(metadata: ClientMetadata, issuer: str, policy: Policy) -> ClientMetadata:
    """With the defaults that depend on the rest: the response types as we write them, and the issuer's first algorithm."""
    usable = [name for name in TOKEN_ALGORITHMS[issuer] if policy.profile != "fapi2" or name in rules.FAPI2_ALGORITHMS]
    types = metadata.response_types
    if types is None:
        types = ("code",) if "authorization_code" in metadata.grant_types else ()
    return metadata.model_copy(
        update={
            "grant_types": tuple(sorted(set(metadata.grant_types))),
            "response_types": tuple(sorted({response.named(response.words(name)) or name for name in types})),
            "id_token_signed_response_alg": metadata.id_token_signed_response_alg or usable[0],
        }
    )


def _named(metadata: ClientMetadata, app_id: str) -> ClientMetadata:
    """RFC 8705 §2.1.2: one name, by which the certificate is known. Who says none has the one that our authorities give to it."""
    says_one = any(getattr(metadata, name) is not None for name in TLS_NAMES)
    if metadata.token_endpoint_auth_method != "tls_client_auth" or says_one:
        return metadata
    return metadata.model_copy(update={"tls_client_auth_san_uri": register.urn(app_id)})


def _judged(client: OidcClient, metadata: ClientMetadata, policy: Policy, settings: Settings) -> ClientMetadata:
    metadata = _named(complete(metadata, client.issuer, policy), client.app_id)
    rules.check(rules.Candidate(client.issuer, metadata, policy, settings))
    return metadata


def _sector(metadata: ClientMetadata, of_identifier: str | None) -> str | None:
    # OpenID Connect Core 1.0 §8.1: the host of the sector identifier, or of the redirect URIs when there is only one; else the
    # app is a sector by itself.
    if metadata.subject_type == "public":
        return PUBLIC_SECTOR
    hosts = {urlsplit(uri).hostname for uri in metadata.redirect_uris}
    return of_identifier or (hosts.pop() if len(hosts) == 1 else None)
