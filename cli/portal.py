"""``yima portal``: the start page."""

import gettext
from datetime import UTC, datetime, timedelta

import click

from cli.frame import changing, confirm, json_option, opened, yes_option
from cli.output import print_rows
from idp.apps.audience import Audience
from idp.apps.register import listed
from idp.apps.tables import App
from idp.portal import entries, notices
from idp.portal.tables import PortalEntry

_ = gettext.gettext


@click.group(name="portal", help=_("The start page: how apps are shown there, and notices."))
def command() -> None:
    """The group."""


@command.command(help=_("Show how every app stands in the portal."))
@json_option
def show(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        rows = [_row(app, session.get(PortalEntry, app.id)) for app in listed(session)]
    titles = {"client_id": _("App"), "name": _("Name"), "status": _("State"), "category": _("Group"), "address": _("Address")}
    print_rows(rows, titles | {"hidden": _("Hidden"), "roles": _("Roles"), "institutions": _("Institutions")}, as_json=as_json)


@command.command(help=_("Say how an app is shown. What is not said stays as it is; an empty text takes it away."))
@click.argument("client_id")
@click.option("--group", "category", help=_("The heading under which it stands, such as: teaching, library, campus life."))
@click.option("--address", help=_("Where it is opened, if not as its protocol does it."))
@click.option("--hide/--show", "hidden", default=None, help=_("Leave it out, or show it again. It can still be used."))
def place(client_id: str, category: str | None, address: str | None, hidden: bool | None) -> None:
    """Places."""
    with changing() as (_deployment, tx):
        row = entries.place(tx, client_id, category=category, address=address, hidden=hidden)
        state = _("hidden") if row.hidden else row.category or _("in no group")
    click.echo(f"{client_id}: {state}")


@command.group(help=_("Notices on the start page."))
def notice() -> None:
    """The inner group."""


@notice.command(help=_("Put a notice up, for everybody or for one institution."))
@click.argument("title")
@click.argument("text")
@click.option("--institution", metavar="CODE", help=_("For the people of this institution only."))
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True, help=_("How long it stays."))
def add(title: str, text: str, institution: str | None, days: int) -> None:
    """Adds."""
    with changing() as (_deployment, tx):
        row = notices.add(tx, title, text, institution=institution, ends_at=tx.now + timedelta(days=days))
        number = row.id
    click.echo(_("Notice %(number)s is up.") % {"number": number})


@notice.command("list", help=_("List the notices, the newest first."))
@json_option
def list_notices(as_json: bool) -> None:
    """Lists."""
    now = datetime.now(UTC)
    with opened() as deployment, deployment.reading() as session:
        rows = [
            {
                "number": row.id,
                "title": row.title,
                "institution": row.institution,
                "until": f"{row.ends_at:%Y-%m-%d}",
                "shown": row.begins_at <= now < row.ends_at,
            }
            for row in notices.listed(session)
        ]
    titles = {"number": _("Number"), "title": _("Title"), "institution": _("Institution"), "until": _("Until"), "shown": _("Shown")}
    print_rows(rows, titles, as_json=as_json)


@notice.command(help=_("Take a notice down."))
@click.argument("number", type=int)
@yes_option
def remove(number: int, yes: bool) -> None:
    """Removes."""
    confirm(_("Take notice %(number)s down?") % {"number": number}, yes)
    with changing() as (_deployment, tx):
        notices.remove(tx, number)


def _row(app: App, entry: PortalEntry | None) -> dict[str, object]:
    meant = Audience.from_json(app.audience)
    return {
        "client_id": app.id,
        "name": app.name,
        "status": app.status,
        "category": entry.category if entry else "",
        "address": entry.address if entry else None,
        "hidden": bool(entry and entry.hidden),
        **meant.to_json(),
    }
