"""``yima ca list`` and ``show``."""

import gettext

import click

from cli.ca.group import command
from cli.ca.record import TITLES, record
from cli.frame import json_option, opened
from cli.output import print_record, print_rows
from idp.certification import authorities

_ = gettext.gettext

COLUMNS = {key: TITLES[key] for key in ("name", "subject", "parent", "state", "valid_until")}


@command.command("list", help=_("List the authorities."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        rows = [record(session, row) for row in authorities.listed(session)]
    print_rows(rows, COLUMNS, as_json=as_json)


@command.command(help=_("Show an authority, or print its certificates."))
@click.argument("name")
@click.option("--pem", is_flag=True, help=_("Print its certificate and those above it, for a file."))
@json_option
def show(name: str, pem: bool, as_json: bool) -> None:
    """Shows it."""
    with opened() as deployment, deployment.reading() as session:
        row = authorities.by_name(session, name)
        if pem:
            click.echo("".join(one.to_pem() for one in authorities.chain_of(row)), nl=False)
            return
        print_record(record(session, row), TITLES, as_json=as_json)
