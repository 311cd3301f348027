"""Looking at providers, trying them, switching them on and off, taking them away."""

import gettext
from contextlib import closing
from typing import Any

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cli.frame import changing, confirm, json_option, opened, yes_option
from cli.output import print_json, print_record, print_rows
from cli.upstream.record import LIST_COLUMNS, TITLES, record
from idp.upstream import providers
from idp.upstream.oauth2 import presets as shipped
from idp.upstream.server import make_server
from idp.upstream.tables import UpstreamLink

_ = gettext.gettext

PRESET_TITLES = {
    "preset": _("Preset"),
    "title": _("Title"),
    "needs": _("Values it needs"),
    "secrets": _("Secrets it needs"),
    "about": _("Its documents"),
}


@click.command("list", help=_("List the providers."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, closing((server := make_server(deployment)).outgoing), deployment.reading() as session:
        rows = [record(server, row, _links(session, row.slug)) for row in providers.every(session)]
    print_rows(rows, LIST_COLUMNS, as_json=as_json)


@click.command("show", help=_("Show one provider."))
@click.argument("slug")
@json_option
def show(slug: str, as_json: bool) -> None:
    """Shows."""
    with opened() as deployment, closing((server := make_server(deployment)).outgoing), deployment.reading() as session:
        shown = record(server, providers.by_slug(session, slug), _links(session, slug))
    print_record(shown, TITLES, as_json=as_json)


@click.command("enable", help=_("Show its button again."))
@click.argument("slug")
def enable(slug: str) -> None:
    """Switches on."""
    with changing() as (_deployment, tx):
        providers.set_enabled(tx, slug, enabled=True)
    click.echo(_("%(name)s is switched on.") % {"name": slug})


@click.command("disable", help=_("Let nobody in by it; the links stay."))
@click.argument("slug")
def disable(slug: str) -> None:
    """Switches off."""
    with changing() as (_deployment, tx):
        providers.set_enabled(tx, slug, enabled=False)
    click.echo(_("%(name)s is switched off.") % {"name": slug})


@click.command("remove", help=_("Take it away, and every link of it."))
@click.argument("slug")
@yes_option
def remove(slug: str, yes: bool) -> None:
    """Removes."""
    with opened() as deployment, deployment.reading() as session:
        number = _links(session, providers.by_slug(session, slug).slug)
    confirm(_("Take %(name)s away with its %(links)s links?") % {"name": slug, "links": number}, yes)
    with changing() as (_deployment, tx):
        providers.remove(tx, slug)
    click.echo(_("%(name)s is taken away.") % {"name": slug})


@click.command("test", help=_("Ask the provider what can be asked without a person, and say what it answers."))
@click.argument("slug")
@json_option
def test(slug: str, as_json: bool) -> None:
    """Asks. A provider that does not answer ends the command with 1."""
    with opened() as deployment, closing((server := make_server(deployment)).outgoing):
        with deployment.reading() as session:
            row = providers.by_slug(session, slug)
        kind, _rules = providers.kind_and_rules(row)
        found = kind.check(server, providers.open_upstream(server, row))
    shown: dict[str, Any] = {"redirect_uri": server.redirect_uri(slug), **found}
    print_record(shown, {name: name for name in shown}, as_json=as_json)


@click.command("presets", help=_("List the descriptions of platforms that are shipped, or print one."))
@click.argument("name", required=False)
@json_option
def presets(name: str | None, as_json: bool) -> None:
    """Lists, or prints the file: to copy and change."""
    if name is not None:
        described = shipped.preset(name)
        if as_json:
            print_json(described)
        else:
            click.echo((shipped.FOLDER / f"{name}.toml").read_text(encoding="utf-8"), nl=False)
        return
    rows = []
    for one in shipped.names():
        described = shipped.preset(one)
        needs, secrets = described.get("needs", ["client_id"]), described.get("secrets", ["client_secret"])
        rows.append(
            {"preset": one, "title": described["title_zh"], "needs": needs, "secrets": secrets, "about": described["about"]}
        )
    print_rows(rows, PRESET_TITLES, as_json=as_json)


def _links(session: Session, slug: str) -> int:
    return session.scalar(select(func.count()).select_from(UpstreamLink).where(UpstreamLink.provider == slug)) or 0


COMMANDS = (list_, show, enable, disable, remove, test, presets)
