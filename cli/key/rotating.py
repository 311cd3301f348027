"""Changing keys and withdrawing them."""

import gettext
from datetime import timedelta

import click

from cli.frame import changing, confirm, json_option, yes_option
from cli.key.group import command
from cli.key.record import COLUMNS, record
from cli.output import print_rows
from idp.keys import adoption, rotation
from idp.keys.states import SAML_ALGORITHM, Purpose

_ = gettext.gettext


@command.command(help=_("Let the next key take over. Apps have seen it already, so no token fails."))
@click.argument("what", type=click.Choice([*rotation.ALGORITHMS, *(purpose.value for purpose in rotation.RENEWABLE)]))
@click.option("--in-software", is_flag=True, help=_("Leave the device: the next key is made here, in the database."))
@json_option
def rotate(what: str, in_software: bool, as_json: bool) -> None:
    """Rotates."""
    with changing() as (deployment, tx):
        if what in rotation.ALGORITHMS:
            # A SAML app reads our metadata once a day, as its cacheDuration says.
            seconds = 86400 if what == SAML_ALGORITHM else deployment.settings.jwks_max_age
            ahead = timedelta(seconds=seconds)
            row = rotation.rotate(tx, deployment.master, what, publish_ahead=ahead, in_software=in_software)
        else:
            row = rotation.renew_secret(tx, deployment.master, Purpose(what))
        print_rows([record(deployment, row, adoption.places(tx.session))], COLUMNS, as_json=as_json)


@command.command(help=_("Withdraw a signing key at once, because it may be in wrong hands. Tokens it signed stop verifying."))
@click.argument("kid")
@yes_option
@json_option
def retire(kid: str, yes: bool, as_json: bool) -> None:
    """Withdraws."""
    confirm(_("Tokens signed with %(kid)s will stop verifying. Go on?") % {"kid": kid}, yes)
    with changing() as (deployment, tx):
        row = rotation.retire(tx, deployment.master, kid)
        print_rows([record(deployment, row, adoption.places(tx.session))], COLUMNS, as_json=as_json)
