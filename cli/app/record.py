"""How an app is shown."""

import gettext
from typing import Any

from idp.apps.tables import App
from idp.deployment import Deployment
from idp.oidc.clients.metadata import ClientMetadata
from idp.oidc.clients.policy import Policy
from idp.oidc.issuer import issuers
from idp.oidc.tables import OidcClient

_ = gettext.gettext

TITLES = {
    "client_id": _("Client id"),
    "name": _("Name"),
    "owner": _("Owner"),
    "contact": _("Contact"),
    "purpose": _("Purpose"),
    "status": _("Status"),
    "scopes": _("Data it may receive"),
    "requested_scopes": _("Data it asked for"),
    "reasons": _("What for"),
    "last_sign_in_at": _("Last sign-in"),
    "issuer": _("Issuer"),
    "discovery": _("Discovery address"),
    "metadata": _("Client metadata"),
    "policy": _("Rules"),
}
LIST_COLUMNS = {key: TITLES[key] for key in ("client_id", "name", "owner", "status", "last_sign_in_at")}


def record(deployment: Deployment, app: App, client: OidcClient | None) -> dict[str, Any]:
    """Everything but secrets."""
    names = ("name", "owner", "contact", "purpose", "status", "scopes", "requested_scopes", "reasons")
    shown = {
        "client_id": app.id,
        **{name: getattr(app, name) for name in names},
        "last_sign_in_at": app.last_sign_in_at.isoformat() if app.last_sign_in_at else None,
    }
    if client is None:  # an app of another protocol
        return shown
    issuer = issuers(deployment.settings)[client.issuer]
    return shown | {
        "issuer": issuer.url,
        "discovery": f"{issuer.url}/.well-known/openid-configuration",
        "metadata": ClientMetadata.from_json(client.client_metadata).said(),
        "policy": Policy(**client.policy).model_dump(mode="json"),
    }
