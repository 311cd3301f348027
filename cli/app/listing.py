"""Looking: one app, all apps, and what somebody should look after."""

import gettext
from datetime import timedelta

import click

from cli.app.group import command
from cli.app.record import LIST_COLUMNS, TITLES, record
from cli.frame import json_option, opened
from cli.output import print_record, print_rows
from idp.apps import register
from idp.oidc.clients import report
from idp.oidc.tables import OidcClient
from idp.sso.cas import registration as cas
from idp.sso.saml import registration as saml

_ = gettext.gettext

FINDINGS = {
    report.WAITING: _("waits for approval"),
    report.MORE_DATA: _("asks for more data than it may have"),
    report.OUTSIDE: _("outside the owner's domains"),
    report.UNUSED: _("nobody signs in"),
}


@command.command("list", help=_("List the apps."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        rows = [record(deployment, app, session.get(OidcClient, app.id)) for app in register.listed(session)]
        print_rows(rows, LIST_COLUMNS, as_json=as_json)


@command.command(help=_("Show one app."))
@click.argument("client_id")
@json_option
def show(client_id: str, as_json: bool) -> None:
    """Shows."""
    with opened() as deployment, deployment.reading() as session:
        app = register.by_id(session, client_id)
        print_record(record(deployment, app, session.get(OidcClient, app.id)), TITLES, as_json=as_json)


@command.command("report", help=_("List what somebody should look after: apps that wait, stray, or that nobody uses."))
@click.option("--unused-days", type=click.IntRange(1, 3650), default=90, show_default=True, help=_("How long is unused."))
@json_option
def report_(unused_days: int, as_json: bool) -> None:
    """Reports."""
    with opened() as deployment, deployment.reading() as session:
        hosts = cas.hosts(session) | saml.hosts(session)
        findings = report.findings(session, deployment.clock.now(), unused=timedelta(days=unused_days), hosts=hosts)
    rows = [
        {
            "client_id": one.client_id,
            "name": one.name,
            "owner": one.owner,
            "finding": one.kind if as_json else FINDINGS[one.kind],
            "detail": one.detail,
        }
        for one in findings
    ]
    titles = {key: TITLES[key] for key in ("client_id", "name", "owner")} | {"finding": _("Finding"), "detail": _("Detail")}
    print_rows(rows, titles, as_json=as_json)
