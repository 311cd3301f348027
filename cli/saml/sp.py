"""Entering SAML apps, looking at them, changing and ending them."""

import gettext
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from cli.frame import changing, confirm, json_option, opened, yes_option
from cli.output import print_json, print_record, print_rows
from cli.registering import LEVEL, PLAIN_HTTP, SCHOOL, TRUSTED, particulars, said, with_options
from cli.saml.record import LIST_COLUMNS, TITLES, endpoints, print_pasted, record
from idp.apps import register
from idp.apps.tables import App
from idp.sso.saml import metadata, registration
from idp.sso.saml.attributes import ATTRIBUTES
from idp.sso.saml.registration import Registration
from idp.sso.saml.rules import LOGOUTS, NAME_IDS, SIGNED, Rules
from idp.sso.saml.tables import SamlProvider

_ = gettext.gettext

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_OPTIONS = (
    click.option("--name-id", type=click.Choice(NAME_IDS), help=_("As whom the app knows people, where it does not ask.")),
    SCHOOL,
    click.option(
        "--attribute", "attributes", type=click.Choice(list(ATTRIBUTES)), multiple=True, help=_("What it is told; may be repeated.")
    ),
    click.option("--entitlement", "entitlements", multiple=True, help=_("A value of eduPersonEntitlement; may be repeated.")),
    LEVEL,
    TRUSTED,
    PLAIN_HTTP,
    click.option("--require-signed/--signed-as-metadata-says", default=None, help=_("Refuse its requests if they are not signed.")),
    click.option("--encrypt/--no-encrypt", default=None, help=_("Encrypt for it, where its metadata has a key.")),
    click.option("--sign", type=click.Choice(SIGNED), help=_("What of an answer is signed.")),
    click.option("--logout", type=click.Choice(LOGOUTS), help=_("How the app learns that a session has ended.")),
)

rule_options = with_options(_OPTIONS)
"""Adds the options for rules to a command."""


@click.group(help=_("Apps that sign people in by SAML."))
def sp() -> None:
    """The group of apps."""


@sp.command("add", help=_("Register an app by its metadata, and print what to paste on the other side."))
@particulars
@click.option("--metadata", "file", type=FILE, required=True, help=_("The app's metadata, a file."))
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
    about = register.Particulars(name, owner, contact, purpose, rules.scopes, reasons=dict(why))
    with changing() as (deployment, tx):
        made, row = registration.add(tx, Registration(about, described, rules))
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
