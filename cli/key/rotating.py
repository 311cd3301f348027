"""``yima key list``, ``rotate`` and ``retire``."""

import gettext
from datetime import timedelta

import click

from cli.frame import changing, confirm, json_option, opened, yes_option
from cli.key.group import command
from cli.output import print_rows
from idp.deployment import Deployment
from idp.keys import rotation
from idp.keys.states import SAML_ALGORITHM, Purpose, state
from idp.keys.tables import Key

_ = gettext.gettext

COLUMNS = {
    "kid": _("Key"),
    "purpose": _("Purpose"),
    "algorithm": _("Algorithm"),
    "state": _("State"),
    "created_at": _("Created"),
    "activated_at": _("Active from"),
    "retired_at": _("Retired at"),
}


def _record(deployment: Deployment, row: Key) -> dict[str, object]:
    record: dict[str, object] = {"kid": row.kid, "purpose": row.purpose, "algorithm": row.algorithm}
    record["state"] = state(row, deployment.clock.now()).value
    for name in ("created_at", "activated_at", "retired_at", "withdrawn_at"):
        moment = getattr(row, name)
        record[name] = moment.isoformat(timespec="seconds") if moment else None
    return record


@command.command("list", help=_("List the keys. Private halves are never shown."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment:
        print_rows([_record(deployment, row) for row in deployment.ring.current().rows], COLUMNS, as_json=as_json)


@command.command(help=_("Let the next key take over. Apps have seen it already, so no token fails."))
@click.argument("what", type=click.Choice([*rotation.ALGORITHMS, *(purpose.value for purpose in rotation.RENEWABLE)]))
@json_option
def rotate(what: str, as_json: bool) -> None:
    """Rotates."""
    with changing() as (deployment, tx):
        if what in rotation.ALGORITHMS:
            # A SAML app reads our metadata once a day, as its cacheDuration says.
            seconds = 86400 if what == SAML_ALGORITHM else deployment.settings.jwks_max_age
            ahead = timedelta(seconds=seconds)
            row = rotation.rotate(tx, deployment.master, what, publish_ahead=ahead)
        else:
            row = rotation.renew_secret(tx, deployment.master, Purpose(what))
        print_rows([_record(deployment, row)], COLUMNS, as_json=as_json)


@command.command(help=_("Withdraw a signing key at once, because it may be in wrong hands. Tokens it signed stop verifying."))
@click.argument("kid")
@yes_option
def retire(kid: str, yes: bool) -> None:
    """Withdraws."""
    confirm(_("Tokens signed with %(kid)s will stop verifying. Go on?") % {"kid": kid}, yes)
    with changing() as (deployment, tx):
        rotation.retire(tx, deployment.master, kid)
        click.echo(_("%(kid)s is withdrawn.") % {"kid": kid})
