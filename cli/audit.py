"""``yima audit``: the journal."""

import gettext
import sys

import click
from sqlalchemy import select

from cli.frame import json_option, opened
from cli.output import print_json, print_rows
from idp.audit import chain
from idp.audit.tables import AuditEvent

_ = gettext.gettext

COLUMNS = {
    "seq": _("No."),
    "at": _("When"),
    "actor": _("Who"),
    "action": _("What"),
    "subject": _("To whom"),
    "institution": _("Institution"),
    "outcome": _("Outcome"),
}
KINDS = {
    "changed": _("event %(seq)s was changed"),
    "removed": _("event %(seq)s was removed"),
    "moved": _("event %(seq)s was moved from another place"),
    "unknown_key": _("event %(seq)s is sealed with a key that is not here"),
}


@click.group(name="audit", help=_("The journal: read it, and check that it is whole."))
def command() -> None:
    """The group."""


@command.command("list", help=_("List events, the newest last."))
@click.option("--subject", help=_("Only about this: person:Y…, institution:…, app:…, key:…"))
@click.option("--action", help=_("Only actions that begin with this, such as registry.person"))
@click.option("--institution", help=_("Only matters of this institution."))
@click.option("--last", default=50, show_default=True, type=click.IntRange(1, 100_000), help=_("How many."))
@json_option
def list_(subject: str | None, action: str | None, institution: str | None, last: int, as_json: bool) -> None:
    """Lists."""
    statement = select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(last)
    if subject:
        statement = statement.where(AuditEvent.subject == subject)
    if action:
        statement = statement.where(AuditEvent.action.startswith(action, autoescape=True))
    if institution:
        statement = statement.where(AuditEvent.institution == institution)
    with opened() as deployment, deployment.reading() as session:
        events = list(session.scalars(statement))[::-1]
    rows = [
        {
            "seq": event.seq,
            "at": event.at.isoformat(timespec="seconds"),
            "actor": f"{event.actor_kind}:{event.actor_id}",
            "address": event.address,
            "action": event.action,
            "subject": event.subject,
            "institution": event.institution,
            "outcome": event.outcome,
            "detail": event.detail,
        }
        for event in events
    ]
    print_rows(rows, COLUMNS, as_json=as_json)


@command.command(
    help=_("Check the whole chain. Names every event that was changed, removed or moved; exit code 1 if there is one.")
)
@json_option
def verify(as_json: bool) -> None:
    """Verifies."""
    with opened() as deployment, deployment.reading() as session:
        found = list(chain.breaks(session, deployment.ring.current().audit.keys))
        head = chain.head(session)
    if as_json:
        print_json({"whole": not found, "head": {"seq": head.seq, "mac": head.mac}, "breaks": [vars(item) for item in found]})
    elif found:
        for item in found:
            click.echo(KINDS[item.kind] % {"seq": item.seq}, err=True)
    else:
        click.echo(_("The journal is whole: %(seq)s events, the last sealed %(mac)s.") % {"seq": head.seq, "mac": head.mac[:16]})
    sys.exit(1 if found else 0)
