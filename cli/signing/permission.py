"""``yima signing allow`` and ``deny``."""

import gettext

import click

from cli.frame import changing, json_option
from cli.output import print_record
from cli.signing.group import command
from cli.signing.record import TITLES, record
from idp.apps import register
from idp.signing import keys, permissions
from idp.signing.permissions import MAX_PER_MINUTE, Operation
from idp.signing.service import PREFIX, SCOPE

_ = gettext.gettext


class Operations(click.ParamType[frozenset[Operation]]):
    """Names of operations, separated by commas."""

    name = "operations"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[Operation]:
        """The operations."""
        try:
            return frozenset(Operation(one.strip()) for one in value.split(","))
        except ValueError:
            known = ", ".join(one.value for one in Operation)
            self.fail(_("%(value)s is none of: %(known)s") % {"value": value, "known": known}, param, ctx)


@command.command(help=_("Let an app use a key, in place of what it was allowed before. By default an app may do nothing with it."))
@click.argument("app")
@click.argument("name")
@click.option(
    "--operations",
    type=Operations(),
    required=True,
    help=_("What it may do, separated by commas: sign, sign-raw, verify, encrypt, open. sign-raw signs whatever bytes come."),
)
@click.option(
    "--per-minute",
    type=click.IntRange(1, MAX_PER_MINUTE),
    default=600,
    show_default=True,
    help=_("How often in a minute it may use the key."),
)
@json_option
def allow(app: str, name: str, operations: frozenset[Operation], per_minute: int, as_json: bool) -> None:
    """Allows, and says what to paste into the app."""
    with changing() as (deployment, tx):
        key = keys.by_name(tx.session, name)
        permissions.allow(tx, app, key, operations, per_minute)
        lacks = SCOPE not in register.by_id(tx.session, app).scopes
        shown = record(tx.session, key, deployment.clock) | {"url": deployment.settings.public_url + PREFIX}
    print_record(shown, {**TITLES, "url": _("Address")}, as_json=as_json)
    if lacks:
        click.echo(
            _("The app lacks the scope signing: yima app approve %(app)s with its scopes and --scope signing") % {"app": app},
            err=True,
        )


@command.command(help=_("Take back what an app was allowed to do with a key, from now on."))
@click.argument("app")
@click.argument("name")
@json_option
def deny(app: str, name: str, as_json: bool) -> None:
    """Takes it back."""
    with changing() as (deployment, tx):
        key = keys.by_name(tx.session, name)
        permissions.deny(tx, app, key)
        shown = record(tx.session, key, deployment.clock)
    print_record(shown, TITLES, as_json=as_json)
