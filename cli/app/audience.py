"""Whom an app is for."""

import gettext

import click

from cli.app.group import command
from cli.frame import changing, json_option
from cli.output import print_record
from idp.apps import audience as rule
from idp.apps.audience import Audience
from idp.apps.register import by_id
from idp.registry.affiliations import Role

_ = gettext.gettext


@command.command(help=_("Say whom an app is for; without options, show it. Others are not signed in to it and do not see it."))
@click.argument("client_id")
@click.option(
    "--institution", "institutions", multiple=True, metavar="CODE", help=_("People of this institution; may be repeated.")
)
@click.option(
    "--role", "roles", multiple=True, type=click.Choice([role.value for role in Role]), help=_("People in this role there.")
)
@click.option("--everybody", is_flag=True, help=_("Leave nobody out."))
@json_option
def audience(client_id: str, institutions: tuple[str, ...], roles: tuple[str, ...], everybody: bool, as_json: bool) -> None:
    """Changes or shows."""
    if everybody and (institutions or roles):
        raise click.UsageError(_("--everybody stands alone."))
    with changing() as (_deployment, tx):
        if everybody or institutions or roles:
            rule.set_audience(tx, client_id, Audience(institutions, roles))
        shown = Audience.from_json(by_id(tx.session, client_id).audience).to_json()
    titles = {"institutions": _("Institutions"), "roles": _("Roles")}
    print_record(shown, titles, as_json=as_json)
