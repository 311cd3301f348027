"""How a CAS app is shown, and what its side needs to know."""

import gettext
from typing import Any

import click

from cli.registering import of_register
from idp.apps.tables import App
from idp.i18n import N_
from idp.settings import Settings
from idp.sso.cas.rules import Rules
from idp.sso.cas.tables import CasService

_ = gettext.gettext

TITLES = {
    "client_id": _("Client id"),
    "name": _("Name"),
    "owner": _("Owner"),
    "contact": _("Contact"),
    "purpose": _("Purpose"),
    "status": _("Status"),
    "scopes": _("Data it may receive"),
    "addresses": _("Addresses"),
    "user": _("User name"),
    "attributes": _("Attributes"),
    "last_sign_in_at": _("Last sign-in"),
    "rules": _("Rules"),
}
LIST_COLUMNS = {key: TITLES[key] for key in ("client_id", "name", "owner", "status", "addresses", "user")}

# What people know the pieces as that a CAS client is configured with.
_ENDPOINTS = {"server": "/", "login": "/login", "logout": "/logout"}
_VALIDATE = {
    "validate_3": "/p3/serviceValidate",
    "validate_2": "/serviceValidate",
    "validate_1": "/validate",
    "saml_1.1": "/samlValidate",
}


def record(app: App, row: CasService) -> dict[str, Any]:
    """Everything that is registered."""
    rules = Rules(**row.rules)
    return {
        **of_register(app),
        "addresses": row.addresses,
        "user": rules.user,
        "attributes": [f"{name}={source}" for name, source in rules.attributes.items()],
        "last_sign_in_at": app.last_sign_in_at.isoformat() if app.last_sign_in_at else None,
        "rules": rules.model_dump(mode="json"),
    }


def endpoints(settings: Settings) -> dict[str, str]:
    """The addresses that a client is configured with, under the first prefix."""
    base = settings.public_url + next(iter(settings.cas_prefix_list), "/cas")
    return {name: base + path for name, path in {**_ENDPOINTS, **_VALIDATE}.items()}


def print_pasted(shown: dict[str, Any], settings: Settings) -> None:
    """What to paste on the other side."""
    click.echo(_("%(name)s is registered. Paste this into the app:") % {"name": shown["name"]} + "\n")
    for key, value in endpoints(settings).items():
        click.echo(f"    {key:<12} {value}")
    words = USER_NAMES[shown["user"]]
    click.echo("\n" + _("It will know people by: %(user)s") % {"user": _(words)})
    if shown["attributes"]:
        click.echo(_("and be told by protocol 3.0: %(attributes)s") % {"attributes": ", ".join(shown["attributes"])})
    if not settings.cas_prefix_list:
        click.echo("\n" + _("The CAS server is switched off here: set YIMA_CAS_PREFIXES."))


USER_NAMES = {
    "pairwise": N_("a name that only this app knows"),
    "local_number": N_("the student or staff number in the school"),
    "person_number": N_("the person number"),
    "email": N_("the e-mail address"),
    "phone": N_("the telephone number"),
}
