"""``yima school``: institutions and their codes."""

import csv
import gettext
import sys
from pathlib import Path
from typing import Any

import click

from cli.frame import PARTLY_DONE, changing, confirm, json_option, opened, operator, reason_option, yes_option
from cli.imports import REPORT_OPTION, finish_import
from cli.output import print_record, print_rows, progress
from idp.registry import institution_lifecycle, institutions
from idp.registry.imports.institutions import SYNONYMS, import_institutions
from idp.registry.institutions import InstitutionStatus, Particulars
from idp.registry.tables import Institution

_ = gettext.gettext

FIELDS = (
    "code",
    "name",
    "category",
    "province",
    "credit_code",
    "supervisor",
    "city",
    "level",
    "remarks",
    "domains",
    "status",
    "successor",
)
TITLES = {
    "code": _("Code"),
    "name": _("Name"),
    "category": _("Category"),
    "province": _("Province"),
    "credit_code": _("Credit code"),
    "supervisor": _("Supervisor"),
    "city": _("City"),
    "level": _("Level"),
    "remarks": _("Remarks"),
    "domains": _("Domains"),
    "status": _("Status"),
    "successor": _("Successor"),
}
LIST_COLUMNS = {key: TITLES[key] for key in ("code", "name", "city", "level", "status")}


def _record(row: Institution) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


@click.group(name="school", help=_("Institutions and their codes."))
def command() -> None:
    """The group."""


@command.command(help=_("Give an institution the next code of its category and province."))
@click.option("--category", required=True, help=_("Two digits, such as 21 for a primary school."))
@click.option("--province", required=True, help=_("Two digits, such as 11 for Beijing."))
@click.option("--credit-code", help=_("The unified social credit code, 18 characters."))
@click.option("--supervisor")
@click.option("--city")
@click.argument("name")
@json_option
def issue(category: str, province: str, name: str, as_json: bool, **particulars: str | None) -> None:
    """Issues a code."""
    with changing() as (_deployment, tx):
        row = institutions.issue(tx, category=category, province=province, particulars=Particulars(name, **particulars))
        print_record(_record(row), TITLES, as_json=as_json)


@command.command("import", help=_("Import a list of institutions from a CSV file; broken rows go to a report."))
@click.argument("file", type=click.Path(path_type=Path))
@REPORT_OPTION
@json_option
def import_(file: Path, report: Path | None, as_json: bool) -> None:
    """Imports a list."""
    with opened() as deployment, progress(_("Importing")) as advance:
        outcome = import_institutions(file, lambda: deployment.transaction(operator()), advance)
    sys.exit(PARTLY_DONE if finish_import(outcome, file, report, as_json) else 0)


@command.command(help=_("Give an institution another name; its code stays."))
@click.argument("code")
@click.argument("name")
@reason_option
def rename(code: str, name: str, reason: str | None) -> None:
    """Renames."""
    with changing() as (_deployment, tx):
        row = institution_lifecycle.rename(tx, code, name, reason=reason)
        click.echo(_("%(code)s is now called %(name)s.") % {"code": row.code, "name": row.name})


@command.command(help=_("Move an institution to another category. It gets a new code; the old one is void for ever."))
@click.argument("code")
@click.argument("category")
@reason_option
@yes_option
def recategorise(code: str, category: str, reason: str | None, yes: bool) -> None:
    """Changes the category."""
    confirm(_("The code %(code)s becomes void. Go on?") % {"code": code}, yes)
    with changing() as (_deployment, tx):
        row = institution_lifecycle.recategorise(tx, code, category, reason=reason)
        click.echo(_("The new code is %(code)s.") % {"code": row.code})


@command.command(help=_("Close an institution. Its code becomes void and everyone's affiliation ends."))
@click.argument("code")
@reason_option
@yes_option
def close(code: str, reason: str | None, yes: bool) -> None:
    """Closes."""
    confirm(_("Close %(code)s and end everyone's affiliation with it?") % {"code": code}, yes)
    with changing() as (_deployment, tx):
        institution_lifecycle.close(tx, code, reason=reason)
        click.echo(_("%(code)s is closed.") % {"code": code})


@command.command(help=_("Open a closed institution again under its old code."))
@click.argument("code")
@reason_option
def restore(code: str, reason: str | None) -> None:
    """Restores."""
    with changing() as (_deployment, tx):
        institution_lifecycle.restore(tx, code, reason=reason)
        click.echo(_("%(code)s is active again.") % {"code": code})


@command.command(help=_("Say which domains are the institution's own; without one it has none."))
@click.argument("code")
@click.argument("domain", nargs=-1)
def domains(code: str, domain: tuple[str, ...]) -> None:
    """Sets the domains."""
    with changing() as (_deployment, tx):
        row = institutions.set_domains(tx, code, domain)
        click.echo(" ".join(row.domains))


@command.command(help=_("Merge an institution into another of the same category, which keeps its code."))
@click.argument("code")
@click.argument("into")
@reason_option
@yes_option
def merge(code: str, into: str, reason: str | None, yes: bool) -> None:
    """Merges."""
    confirm(_("Merge %(code)s into %(into)s? The first code becomes void.") % {"code": code, "into": into}, yes)
    with changing() as (_deployment, tx):
        institution_lifecycle.merge(tx, code, into, reason=reason)
        click.echo(_("%(code)s is merged into %(into)s.") % {"code": code, "into": into})


@command.command(help=_("Show one institution and its history."))
@click.argument("code")
@json_option
def show(code: str, as_json: bool) -> None:
    """Shows."""
    with opened() as deployment, deployment.reading() as session:
        record = _record(institutions.by_code(session, code))
        turns = [
            {"at": turn.at.isoformat(), "kind": turn.kind, "before": turn.before, "after": turn.after, "reason": turn.reason}
            for turn in institutions.history(session, code)
        ]
    print_record(record | {"history": turns} if as_json else record, TITLES, as_json=as_json)
    if not as_json:
        click.echo()
        titles = {"at": _("When"), "kind": _("What"), "before": _("Before"), "after": _("After"), "reason": _("Reason")}
        print_rows(turns, titles, as_json=False)


@command.command("list", help=_("List institutions, or those whose name or code contains QUERY."))
@click.argument("query", required=False, default="")
@click.option("--province", default="", help=_("Two digits."))
@click.option("--category", default="", help=_("Two digits."))
@click.option("--status", type=click.Choice(["", *InstitutionStatus]), default="", show_choices=True)
@json_option
def list_(query: str, province: str, category: str, status: str, as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        rows = institutions.search(session, query, province=province, category=category, status=status)
        print_rows([_record(row) for row in rows], LIST_COLUMNS, as_json=as_json)


@command.command(help=_("Write all institutions to a CSV file that import reads; - is standard output."))
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
@click.option("--headings", type=click.Choice(["english", "national"]), default="english")
def export(file: Any, headings: str) -> None:
    """Exports the active institutions."""
    with opened() as deployment, deployment.reading() as session:
        rows = institutions.search(session, status=InstitutionStatus.ACTIVE.value)
        writer = csv.writer(file)
        writer.writerow([SYNONYMS[name][0] if headings == "national" else name for name in SYNONYMS])
        writer.writerows([getattr(row, name) or "" for name in SYNONYMS] for row in rows)
    if file.name not in ("-", "<stdout>"):
        click.echo(_("%(count)s institutions written.") % {"count": len(rows)}, err=True)
