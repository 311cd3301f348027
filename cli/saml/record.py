"""How a SAML app is shown, and what its side needs to know."""

import gettext
from typing import Any

import click

from cli.registering import of_register
from idp.apps.tables import App
from idp.settings import Settings
from idp.sso.saml.metadata import Described
from idp.sso.saml.rules import Rules
from idp.sso.saml.server import PREFIX
from idp.sso.saml.tables import SamlProvider

_ = gettext.gettext

TITLES = {
    "client_id": _("Client id"),
    "name": _("Name"),
    "owner": _("Owner"),
    "contact": _("Contact"),
    "purpose": _("Purpose"),
    "status": _("Status"),
    "entity_id": _("Entity id"),
    "consumers": _("Answers go to"),
    "scopes": _("Data it may receive"),
    "attributes": _("Attributes"),
    "signed": _("Signs its requests"),
    "encrypted": _("Encrypted for it"),
    "valid_until": _("Valid until"),
    "last_sign_in_at": _("Last sign-in"),
    "rules": _("Rules"),
}
LIST_COLUMNS = {key: TITLES[key] for key in ("client_id", "name", "owner", "status", "entity_id")}


def record(app: App, row: SamlProvider) -> dict[str, Any]:
    """Everything that is registered."""
    rules, described = Rules(**row.rules), Described(**row.described)
    return {
        **of_register(app),
        "entity_id": row.entity_id,
        "consumers": [one.location for one in described.consumers],
        "attributes": list(rules.released),
        "signed": described.requests_signed or rules.require_signed,
        "encrypted": bool(described.encryption) and rules.encrypt,
        "valid_until": row.valid_until.isoformat() if row.valid_until else None,
        "last_sign_in_at": app.last_sign_in_at.isoformat() if app.last_sign_in_at else None,
        "rules": rules.model_dump(mode="json"),
    }


def endpoints(settings: Settings) -> dict[str, str]:
    """What an app is configured with; the metadata says all of it."""
    base = settings.public_url + PREFIX
    return {"entity_id": f"{base}/metadata", "metadata": f"{base}/metadata", "sso": f"{base}/sso", "slo": f"{base}/slo"}


def print_pasted(shown: dict[str, Any], settings: Settings) -> None:
    """What to paste on the other side."""
    click.echo(_("%(name)s is registered. Paste this into the app:") % {"name": shown["name"]} + "\n")
    for key, value in endpoints(settings).items():
        click.echo(f"    {key:<12} {value}")
    click.echo("\n" + _("It will be told: %(attributes)s") % {"attributes": ", ".join(shown["attributes"])})
    start = f"{settings.public_url}{PREFIX}/start?app={shown['client_id']}"
    click.echo(_("People open it from here by: %(address)s") % {"address": start})
