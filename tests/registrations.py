"""Registrations as tests write them: members of the client metadata, rules of the installation and the rest in one line."""

from typing import Any

from idp.apps.register import Particulars
from idp.oidc.clients.metadata import ClientMetadata
from idp.oidc.clients.policy import Policy
from idp.oidc.clients.registration import Registration

ALL_DATA = ("openid", "profile", "email", "phone", "school", "offline_access")


def registration_of(particulars: Particulars, **changes: Any) -> Registration:
    """A confidential app with refresh tokens, but for the changes."""
    said = {"grant_types": ("authorization_code", "refresh_token")}
    said |= {name: changes.pop(name) for name in list(changes) if name in ClientMetadata.model_fields}
    policy = {name: changes.pop(name) for name in list(changes) if name in Policy.model_fields}
    return Registration(particulars, ClientMetadata.from_json(said), Policy.of(**policy), **changes)
