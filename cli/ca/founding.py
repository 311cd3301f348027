"""``yima ca init``."""

import gettext

import click

from cli.ca.group import command
from cli.ca.record import COMMON_NAME, KEY, ORGANISATION, SCHOOL, TITLES, holder, office, record
from cli.frame import changing, json_option
from cli.output import print_record
from idp.certification import authorities, ceremony
from idp.certification.status import lists
from idp.crypto.devices.reference import KeyReference

_ = gettext.gettext


@command.command(help=_("Found an authority: a root, or one below another authority of this installation."))
@click.argument("name")
@click.option("--root", is_flag=True, help=_("It certifies itself."))
@click.option("--parent", help=_("The authority above it."))
@SCHOOL
@ORGANISATION
@COMMON_NAME
@click.option(
    "--days", type=click.IntRange(1, 10950), help=_("How long a root is valid; more than ten years is not read everywhere.")
)
@click.option(
    "--offline",
    is_flag=True,
    help=_("A root whose machine has no network: its lists are good for half a year, and are carried to where they are served."),
)
@KEY
@json_option
def init(
    name: str,
    root: bool,
    parent: str | None,
    school: str | None,
    organisation: str | None,
    common_name: str,
    days: int | None,
    offline: bool,
    key: str | None,
    as_json: bool,
) -> None:
    """Founds, and publishes the first list."""
    if root == (parent is not None) or ((days is not None or offline) and not root):
        raise click.UsageError(_("Give either --root or --parent; --days and --offline are for a root."))
    reference = KeyReference.parse(key) if key is not None else None
    with changing() as (deployment, tx):
        whose = holder(tx.session, school, organisation, common_name)
        if parent is None:
            row = ceremony.found_root(tx, office(deployment), name, whose, days=days, offline=offline, key=reference)
        else:
            row = ceremony.found_below(tx, office(deployment), authorities.by_name(tx.session, parent), name, whose, key=reference)
        lists.publish(tx, office(deployment), row)
        print_record(record(tx.session, row), TITLES, as_json=as_json)
