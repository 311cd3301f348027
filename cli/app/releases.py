"""Looking at what an app was told: for the yearly audit of minors' data (未成年人网络保护条例 art. 37)."""

import gettext

import click

from cli.app.group import command
from cli.frame import changing, json_option
from cli.output import print_rows
from idp.apps import register
from idp.audit import Action
from idp.release import report

_ = gettext.gettext

COLUMNS = {
    "day": _("Day"),
    "person_number": _("Person number"),
    "place": _("Told by"),
    "claims": _("What"),
    "count": _("How often"),
}


@command.command("releases", help=_("List what an app was told about whom in a year. That somebody looked stands in the journal."))
@click.argument("client_id")
@click.option("--year", type=click.IntRange(2000, 9999), required=True)
@click.option("--minors", is_flag=True, help=_("Only about people who were under 18 on that day."))
@json_option
def releases_(client_id: str, year: int, minors: bool, as_json: bool) -> None:
    """Lists."""
    with changing() as (deployment, tx):
        app = register.by_id(tx.session, client_id)
        rows = [one.to_json() for one in report.of_app(tx.session, deployment.ring.vault, app.id, year, minors=minors)]
        detail = {"year": year, "minors": minors, "rows": len(rows)}
        tx.record(Action.RELEASES_READ, subject=f"app:{app.id}", institution=app.owner, detail=detail)
    print_rows(rows, COLUMNS, as_json=as_json)
