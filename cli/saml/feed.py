"""Federations: entering a feed, fetching it now."""

import gettext
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from cli.frame import changing, json_option, opened
from cli.output import print_record, print_rows
from cli.registering import said
from cli.saml.sp import FILE, rule_options
from idp.outgoing import Outgoing
from idp.sso.saml import feed as feeds
from idp.sso.saml import metadata
from idp.sso.saml.rules import Rules
from idp.sso.saml.tables import SamlFeed

_ = gettext.gettext

TITLES = {
    "feed": _("Feed"),
    "url": _("Address"),
    "owner": _("Owner"),
    "fetched_at": _("Fetched"),
    "valid_until": _("Valid until"),
    "last_error": _("Last error"),
}
OUTCOME = {"added": _("Apps entered"), "changed": _("Apps changed"), "suspended": _("Apps suspended")}


@click.group(help=_("Federations: metadata of many apps, fetched again and again."))
def feed() -> None:
    """The group of feeds."""


@feed.command("add", help=_("Enter a federation's feed, and the rules for every app in it."))
@click.argument("url")
@click.option("--certificate", "files", type=FILE, multiple=True, required=True, help=_("What the feed is signed by; a PEM file."))
@click.option("--owner", required=True, help=_("The code of the institution that its apps are entered for."))
@click.option("--contact", required=True, help=_("Whom to ask about them: an e-mail address."))
@rule_options
@json_option
def add(url: str, files: tuple[Path, ...], owner: str, contact: str, as_json: bool, **options: Any) -> None:
    """Enters; the running server fetches it within half a minute."""
    certificates = tuple(metadata.certificate_of(file.read_text(encoding="utf-8")) for file in files)
    with changing() as (_deployment, tx):
        shown = _record(feeds.add(tx, url, certificates, owner, contact, Rules.of(**said(options))))
    print_record(shown, TITLES, as_json=as_json)


@feed.command("list", help=_("List the feeds."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        rows = [_record(row) for row in session.scalars(select(SamlFeed).order_by(SamlFeed.id))]
    print_rows(rows, TITLES, as_json=as_json)


@feed.command("refresh", help=_("Fetch a feed now."))
@click.argument("number", type=int)
@json_option
def refresh(number: int, as_json: bool) -> None:
    """Fetches."""
    with opened() as deployment, closing(Outgoing(deployment.settings)) as outgoing:
        outcome = feeds.refresh(deployment, outgoing, number)
    print_record({"added": outcome.added, "changed": outcome.changed, "suspended": outcome.suspended}, OUTCOME, as_json=as_json)


def _record(row: SamlFeed) -> dict[str, Any]:
    moments = {name: moment.isoformat() if (moment := getattr(row, name)) else None for name in ("fetched_at", "valid_until")}
    return {"feed": row.id, "url": row.url, "owner": row.owner, **moments, "last_error": row.last_error}
