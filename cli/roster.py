"""``yima roster``: the tokens of schools' own systems, and lists that keep a school's people current."""

import gettext
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from cli.frame import PARTLY_DONE, changing, confirm, json_option, opened, operator, yes_option
from cli.imports import REPORT_OPTION, finish_import
from cli.output import print_json, print_record, print_rows, progress
from idp import session_end
from idp.deployment import Deployment
from idp.registry import institutions
from idp.roster import tokens
from idp.roster.csv import sync as lists
from idp.roster.csv.lists import read_list
from idp.roster.csv.sync import Plan
from idp.roster.departure import Departures
from idp.roster.members import Roster
from idp.roster.scim.service import PREFIX
from idp.roster.tables import RosterToken

_ = gettext.gettext

SHOWN = 10
COLUMNS = {
    "id": _("Token"),
    "institution": _("Institution"),
    "label": _("Label"),
    "access": _("Access"),
    "expires_at": _("Expires"),
    "last_used_at": _("Last used"),
    "state": _("State"),
}


class DryRun(Exception):
    """Undoes what a look has prepared."""


@click.group(name="roster", help=_("Rosters: schools keep their people current by SCIM or by lists."))
def command() -> None:
    """The group."""


@command.group(help=_("Tokens of schools' own systems."))
def token() -> None:
    """The group of tokens."""


@token.command("create", help=_("Make a token for a school's system, and print what to paste there."))
@click.argument("institution")
@click.option("--label", required=True, help=_("Which system it is for."))
@click.option("--days", type=click.IntRange(1, tokens.MAX_DAYS), default=365, show_default=True, help=_("How long it is good."))
@click.option("--read-only", is_flag=True, help=_("It may look, and change nothing."))
@json_option
def create(institution: str, label: str, days: int, read_only: bool, as_json: bool) -> None:
    """Makes a token; it is shown once."""
    with changing() as (deployment, tx):
        row, text = tokens.issue(tx, institution, label, may_write=not read_only, lifetime=timedelta(days=days))
        address = deployment.settings.public_url + PREFIX
        name = institutions.by_code(tx.session, institution).name
        shown = _record(row, deployment)
    if as_json:
        print_json({**shown, "token": text, "base_url": address})
        return
    click.echo(_("A token for %(name)s. Paste this into the school's system:") % {"name": name} + "\n")
    print_record({"base_url": address, "token": text}, {"base_url": _("SCIM address"), "token": _("Token")}, as_json=False)
    click.echo()
    click.echo(_("It is shown this once, and is good until %(until)s.") % {"until": f"{row.expires_at:%Y-%m-%d}"})


@token.command("list", help=_("List the tokens, or those of one school."))
@click.argument("institution", required=False)
@json_option
def list_(institution: str | None, as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        rows = [_record(row, deployment) for row in tokens.listed(session, institution)]
    print_rows(rows, COLUMNS, as_json=as_json)


@token.command("revoke", help=_("Revoke a token, named by its id; it stops working at once."))
@click.argument("token_id")
def revoke(token_id: str) -> None:
    """Revokes."""
    with changing() as (_deployment, tx):
        row = tokens.revoke(tx, token_id)
        click.echo(_("The token %(label)s of %(institution)s is revoked.") % {"label": row.label, "institution": row.institution})


@command.command("sync", help=_("Bring a school's people to what a CSV list says; who is not in it has left."))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--institution", required=True, help=_("The code of the school."))
@click.option("--dry-run", is_flag=True, help=_("Say what would be done, and do nothing."))
@click.option(
    "--max-leavers",
    type=click.IntRange(0, 100),
    default=10,
    show_default=True,
    help=_("Refuse when more than this many per cent of a role would leave."),
)
@click.option("--confirm", "confirmed", is_flag=True, help=_("Let more leave than that."))
@REPORT_OPTION
@yes_option
@json_option
def sync(
    file: Path,
    institution: str,
    dry_run: bool,
    max_leavers: int,
    confirmed: bool,
    report: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Plans, shows, asks, does."""
    with opened() as deployment:
        lines, outcome = read_list(file, institution)
        departures = Departures(session_end.endings(deployment), session_end.revokings())
        roster = Roster(institution, deployment.ring.vault, departures)
        work = _planned(deployment, roster, lines, dry_run)
        if not as_json or dry_run:
            _print_plan(work, len(outcome.broken), as_json)
        if dry_run:
            return
        if not confirmed:
            work.check(max_leavers)
        if work.new or work.changed or work.leavers:
            confirm(_("Do this?"), yes)
        with progress(_("Synchronising")) as advance:
            left = lists.carry_out(work, roster, outcome, lambda: deployment.transaction(operator()), advance)
    kept = len(work.leavers) - left
    if not as_json:
        click.echo(_("%(left)s have left.") % {"left": left})
        if outcome.broken and kept:
            click.echo(_("Nobody left while rows are broken: %(kept)s are not in the list.") % {"kept": kept}, err=True)
    broken = finish_import(outcome, file, report, as_json, {"left": left, "not_in_list": kept})
    sys.exit(PARTLY_DONE if broken else 0)


def _planned(deployment: Deployment, roster: Roster, lines: Any, dry_run: bool) -> Plan:
    try:
        with deployment.transaction(operator()) as tx:
            institutions.by_code(tx.session, roster.institution)
            work = lists.plan(tx, roster, lines)
            if dry_run:
                raise DryRun
    except DryRun:
        pass
    return work


def _print_plan(work: Plan, broken: int, as_json: bool) -> None:
    counts = {
        "new": len(work.new),
        "changed": len(work.changed),
        "unchanged": work.unchanged,
        "leaving": len(work.leavers),
        "broken": broken,
    }
    leavers = [{"name": one.name, "number": one.number, "role": one.role.value} for one in work.leavers]
    if as_json:
        print_json({**counts, "leavers": leavers})
        return
    click.echo(_("%(new)s new, %(changed)s changed, %(unchanged)s unchanged, %(leaving)s leaving, %(broken)s broken.") % counts)
    for one in leavers[:SHOWN]:
        click.echo("  " + _("leaving: %(name)s (%(number)s, %(role)s)") % one)
    if len(leavers) > SHOWN:
        click.echo("  " + _("and %(count)s more") % {"count": len(leavers) - SHOWN})


def _record(row: RosterToken, deployment: Deployment) -> dict[str, Any]:
    state = _("revoked") if row.revoked_at else _("expired") if row.expires_at <= deployment.clock.now() else _("valid")
    return {
        "id": row.id,
        "institution": row.institution,
        "label": row.label,
        "access": _("read and write") if row.may_write else _("read only"),
        "may_write": row.may_write,
        "created_at": row.created_at.isoformat(),
        "created_by": row.created_by,
        "expires_at": row.expires_at.isoformat(),
        "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
        "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
        "last_address": row.last_address,
        "state": state,
    }
