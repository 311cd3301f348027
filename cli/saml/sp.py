"""Entering SAML apps, looking at them, changing and ending them."""

import gettext
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy import select

from cli.frame import changing, confirm, json_option, opened, yes_option
from cli.output import print_json, print_record, print_rows
from cli.saml.record import LIST_COLUMNS, TITLES, endpoints, print_pasted, record
from idp.apps import register
from idp.apps.tables import App
from idp.sso.saml import metadata, registration
from idp.sso.saml.attributes import ATTRIBUTES
from idp.sso.saml.registration import Registration
from idp.sso.saml.rules import LOGOUTS, NAME_IDS, SIGNED, Rules
from idp.sso.saml.tables import SamlProvider

_ = gettext.gettext

Command = TypeVar("Command", bound=Callable[..., Any])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_OPTIONS = (
    click.option("--name-id", type=click.Choice(NAME_IDS), help=_("As whom the app knows people, where it does not ask.")),
    click.option("--school", help=_("Whose student and staff numbers are meant; the owner's, unless you say so.")),
    click.option(
        "--attribute", "attributes", type=click.Choice(list(ATTRIBUTES)), multiple=True, help=_("What it is told; may be repeated.")
    ),
    click.option("--entitlement", "entitlements", multiple=True, help=_("A value of eduPersonEntitlement; may be repeated.")),
    click.option(
        "--acr",
        "required_level",
        type=click.IntRange(1, 4),
        help=_("The level every sign-in must reach; 2 is a second factor."),
    ),
    click.option(
        "--trusted/--not-trusted",
        default=None,
        help=_("One of the school's own: people are not asked again what it may know."),
    ),
    click.option("--plain-http/--https-only", default=None, help=_("For an old app that has no https.")),
    click.option("--require-signed/--signed-as-metadata-says", default=None, help=_("Refuse its requests if they are not signed.")),
    click.option("--encrypt/--no-encrypt", default=None, help=_("Encrypt for it, where its metadata has a key.")),
    click.option("--sign", type=click.Choice(SIGNED), help=_("What of an answer is signed.")),
    click.option("--logout", type=click.Choice(LOGOUTS), help=_("How the app learns that a session has ended.")),
)


@click.group(help=_("Apps that sign people in by SAML."))
def sp() -> None:
    """The group of apps."""


def rule_options(function: Command) -> Command:
    """Adds the options for rules to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def said(options: dict[str, Any]) -> dict[str, Any]:
    """The members of :class:`Rules` that the options name."""
    return {name: value for name, value in options.items() if value not in (None, ())}


@sp.command("add", help=_("Register an app by its metadata, and print what to paste on the other side."))
@click.argument("name")
@click.option("--owner", required=True, help=_("The code of the institution whose app it is."))
@click.option("--contact", required=True, help=_("Whom to ask about it: an e-mail address."))
@click.option("--purpose", required=True, help=_("What it is for, in words that people understand."))
@click.option("--metadata", "file", type=FILE, required=True, help=_("The app's metadata, a file."))
@click.option("--why", nargs=2, multiple=True, metavar="SCOPE TEXT", help=_("What it needs a piece of data for; people read this."))
@rule_options
@json_option
def add(
    name: str,
    owner: str,
    contact: str,
    purpose: str,
    file: Path,
    why: tuple[tuple[str, str], ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Registers. Whoever names attributes allows the app the data for them, and no more."""
    rules = Rules.of(**said(options))
    described = metadata.read(file.read_bytes(), plain_http=rules.plain_http)
    particulars = register.Particulars(name, owner, contact, purpose, rules.scopes, reasons=dict(why))
    with changing() as (deployment, tx):
        made, row = registration.add(tx, Registration(particulars, described, rules))
        shown, settings = record(made, row), deployment.settings
    if as_json:
        print_json({**shown, "endpoints": endpoints(settings)})
    else:
        print_pasted(shown, settings)


@sp.command("list", help=_("List the apps."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        found = select(App, SamlProvider).join(SamlProvider, SamlProvider.app_id == App.id).order_by(App.name, App.id)
        rows = [record(line[0], line[1]) for line in session.execute(found)]
    print_rows(rows, LIST_COLUMNS, as_json=as_json)


@sp.command("show", help=_("Show one app."))
@click.argument("client_id")
@json_option
def show(client_id: str, as_json: bool) -> None:
    """Shows."""
    with opened() as deployment, deployment.reading() as session:
        app, row = registration.by_app(session, client_id)
        shown = record(app, row)
        if as_json:
            shown["endpoints"] = endpoints(deployment.settings)
    print_record(shown, TITLES, as_json=as_json)


@sp.command("set", help=_("Change what is registered of an app; what you do not name stays as it is."))
@click.argument("client_id")
@click.option("--metadata", "file", type=FILE, help=_("The app's metadata, a file."))
@rule_options
@json_option
def set_(client_id: str, file: Path | None, as_json: bool, **options: Any) -> None:
    """Changes. The data for another attribute is allowed by this, too."""
    with changing() as (_deployment, tx):
        app, row = registration.by_app(tx.session, client_id)
        rules = Rules.of(**{**row.rules, **said(options)})
        described = metadata.read(file.read_bytes(), plain_http=rules.plain_http) if file is not None else None
        registration.change(tx, client_id, described=described, rules=rules, allow_data=True)
        shown = record(app, row)
    print_record(shown, TITLES, as_json=as_json)


@sp.command("remove", help=_("End an app for good."))
@click.argument("client_id")
@yes_option
def remove(client_id: str, yes: bool) -> None:
    """Retires the app in the register; its id is never given to another, its entity may be registered again."""
    confirm(_("End %(app)s for good?") % {"app": client_id}, yes)
    with changing() as (_deployment, tx):
        registration.remove(tx, client_id)
        click.echo(_("%(name)s is retired.") % {"name": register.by_id(tx.session, client_id).name})
