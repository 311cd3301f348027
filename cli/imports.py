"""What the import commands print at the end."""

import gettext
from collections.abc import Mapping
from pathlib import Path

import click

from cli.frame import locale
from cli.output import print_json
from idp.i18n import translate
from idp.registry.imports import report as reports
from idp.registry.imports.report import Outcome

_ = gettext.gettext

SHOWN = 10

REPORT_OPTION = click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help=_("Where broken rows go; default: FILE with .broken.csv")
)


def finish_import(
    outcome: Outcome, file: Path, report: Path | None, as_json: bool, more: Mapping[str, object] | None = None
) -> bool:
    """Writes the report if there are broken rows, and says what came of it all. Returns whether there are any.

    ``more`` goes into the JSON beside the counts.
    """
    path = report or file.with_suffix(".broken.csv")
    if outcome.broken:
        reports.write(outcome, path, locale())
    counts = {
        "created": outcome.created,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "broken": len(outcome.broken),
    }
    remarks = [{"line": r.line, "subject": r.subject, "text": translate(r.text, locale(), r.params)} for r in outcome.remarks]
    broken = [{"line": b.row.line, "column": b.column, "value": b.value, "reason": b.reason(locale())} for b in outcome.broken]
    if as_json:
        print_json({**counts, **(more or {}), "report": str(path) if broken else None, "broken_rows": broken, "quality": remarks})
        return bool(broken)
    click.echo(_("%(created)s new, %(updated)s updated, %(unchanged)s unchanged, %(broken)s broken.") % counts)
    if remarks:
        click.echo(_("Imported, but please look at these:"))
        for remark in remarks:
            click.echo("  " + _("line %(line)s: %(text)s") % remark)
    if broken:
        for row in broken[:SHOWN]:
            click.echo("  " + _("line %(line)s: %(reason)s") % row, err=True)
        click.echo(_("The broken rows are in %(path)s. Mend them there and import that file.") % {"path": path}, err=True)
    return bool(broken)
