"""Entering CAS apps, looking at them, changing and ending them."""

import gettext
from typing import Any

import click
from sqlalchemy import select

from cli.cas.record import LIST_COLUMNS, TITLES, endpoints, print_pasted, record
from cli.frame import changing, confirm, json_option, opened, yes_option
from cli.output import print_json, print_record, print_rows
from cli.registering import LEVEL, PLAIN_HTTP, SCHOOL, TRUSTED, particulars, said, with_options
from idp.apps import register
from idp.apps.tables import App
from idp.sso.cas import registration
from idp.sso.cas.identity import ATTRIBUTES, USER_NAMES
from idp.sso.cas.registration import Registration
from idp.sso.cas.rules import LOGOUTS, Rules
from idp.sso.cas.tables import CasService

_ = gettext.gettext

_OPTIONS = (
    click.option("--user", type=click.Choice(list(USER_NAMES)), help=_("As whom the app knows people.")),
    SCHOOL,
    click.option(
        "--attribute",
        "attributes",
        type=(str, click.Choice(list(ATTRIBUTES))),
        multiple=True,
        metavar="NAME DATA",
        help=_("An attribute as the app expects it, and what it is filled from; may be repeated."),
    ),
    LEVEL,
    TRUSTED,
    PLAIN_HTTP,
    click.option("--logout", type=click.Choice(LOGOUTS), help=_("How the app learns that a session has ended.")),
    click.option("--logout-url", help=_("Where, if not at its own address.")),
    click.option("--proxy-callback", "proxy_callbacks", multiple=True, help=_("Where it may get proxy-granting tickets.")),
)

rule_options = with_options(_OPTIONS)
"""Adds the options for rules to a command."""


@click.group(name="cas", help=_("The CAS server: apps that speak CAS."))
def command() -> None:
    """The group."""


@command.group(help=_("Apps that sign people in by CAS."))
def service() -> None:
    """The group of apps."""


@service.command("add", help=_("Register an app, and print what to paste on the other side."))
@particulars
@click.option("--service", "addresses", multiple=True, required=True, help=_("Where the app lies; may be repeated."))
@rule_options
@json_option
def add(
    name: str,
    owner: str,
    contact: str,
    purpose: str,
    addresses: tuple[str, ...],
    why: tuple[tuple[str, str], ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Registers. Whoever names a user name and attributes allows the app the data for them, and no more."""
    rules = Rules.of(**_said(options))
    about = register.Particulars(name, owner, contact, purpose, rules.scopes, reasons=dict(why))
    with changing() as (deployment, tx):
        made, row = registration.add(tx, Registration(about, addresses, rules))
        shown, settings = record(made, row), deployment.settings
    if as_json:
        print_json({**shown, "endpoints": endpoints(settings)})
    else:
        print_pasted(shown, settings)


@service.command("list", help=_("List the apps."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        found = select(App, CasService).join(CasService, CasService.app_id == App.id).order_by(App.name, App.id)
        rows = [record(line[0], line[1]) for line in session.execute(found)]
    print_rows(rows, LIST_COLUMNS, as_json=as_json)


@service.command("show", help=_("Show one app."))
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


@service.command("set", help=_("Change what is registered of an app; what you do not name stays as it is."))
@click.argument("client_id")
@click.option("--service", "addresses", multiple=True, help=_("Where the app lies; may be repeated."))
@rule_options
@json_option
def set_(client_id: str, addresses: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Changes. The data for another user name or attribute is allowed by this, too."""
    with changing() as (_deployment, tx):
        app, row = registration.by_app(tx.session, client_id)
        rules = Rules.of(**{**row.rules, **_said(options)})
        registration.change(tx, client_id, addresses=addresses or None, rules=rules, allow_data=True)
        shown = record(app, row)
    print_record(shown, TITLES, as_json=as_json)


@service.command("remove", help=_("End an app for good, with every ticket it has."))
@click.argument("client_id")
@yes_option
def remove(client_id: str, yes: bool) -> None:
    """Retires the app in the register; its id is never given to another."""
    confirm(_("End %(app)s for good?") % {"app": client_id}, yes)
    with changing() as (_deployment, tx):
        registration.by_app(tx.session, client_id)
        app = register.retire(tx, client_id)
        click.echo(_("%(name)s is retired.") % {"name": app.name})


def _said(options: dict[str, Any]) -> dict[str, Any]:
    """The members of :class:`Rules` that the options name."""
    found = said(options)
    if "attributes" in found:
        found["attributes"] = dict(found["attributes"])
    return found
