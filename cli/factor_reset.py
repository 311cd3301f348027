"""``yima factor reset-…``: taking second factors away, which takes two people."""

import gettext
from typing import Any

import click

from cli.frame import changing, confirm, json_option, opened, operator, yes_option
from cli.output import print_json, print_record, print_rows
from idp.audit import Transaction
from idp.deployment import Deployment
from idp.mfa import resets
from idp.mfa.errors import FactorError
from idp.mfa.factor import Site
from idp.mfa.resets import Witness
from idp.mfa.tables import FactorReset
from idp.registry import persons
from idp.registry.tables import Person

_ = gettext.gettext

TITLES = {
    "reset": _("No."),
    "number": _("Person number"),
    "state": _("State"),
    "requested_by": _("Requested by"),
    "approved_by": _("Approved by"),
    "expires_at": _("Good until"),
    "due_at": _("Happens at"),
    "reason": _("Reason"),
}

_by = click.option("--by", required=True, help=_("Your own person number: you are an administrator of the person's school."))
_code = click.option("--code", prompt=_("Your own one-time code"), hide_input=True, help=_("Asked for if left out."))
_kind = click.option("--kind", default="", help=_("The second factor that the code is of, where you have several: totp, sm3otp."))


@click.command(
    "reset",
    help=_("In an emergency only: take every second factor away alone. The journal and `yima doctor` name whoever does."),
)
@click.argument("number")
@click.option("--break-glass", is_flag=True, help=_("There is nobody to ask: you do it alone and answer for it."))
@click.option("--reason", default="", help=_("Why there was nobody to ask."))
@yes_option
@json_option
def alone(number: str, break_glass: bool, reason: str, yes: bool, as_json: bool) -> None:
    """Takes them away."""
    if not break_glass or not reason.strip():
        raise click.UsageError(
            _("This takes two people: use reset-request and reset-approve. Where nobody is left to ask: --break-glass --reason …")
        )
    confirm(_("Take every second factor of %(number)s away, alone?") % {"number": number}, yes)
    with changing() as (_deployment, tx):
        removed = resets.force(tx, persons.by_number(tx.session, number), reason)
    if as_json:
        print_json({"number": number, "removed": removed})
        return
    click.echo(_("%(count)s second factors removed.") % {"count": removed})


@click.command("reset-request", help=_("Ask for every second factor of a person to be taken away, because their phone is gone."))
@click.argument("number")
@_by
@click.option("--reason", required=True, help=_("Why, and how you know who asked; it is kept."))
@_code
@_kind
@json_option
def request(number: str, by: str, reason: str, code: str, kind: str, as_json: bool) -> None:
    """Asks."""
    with opened() as deployment:
        me = _prove(deployment, by, code, kind)
        with deployment.transaction(operator()) as tx:
            row = resets.request(tx, persons.by_number(tx.session, number), me, reason)
            record = _record(tx, row)
    print_record(record, TITLES, as_json=as_json)


@click.command("reset-approve", help=_("Agree to a reset that somebody else has asked for."))
@click.argument("reset", type=int)
@_by
@_code
@_kind
@json_option
def approve(reset: int, by: str, code: str, kind: str, as_json: bool) -> None:
    """Agrees."""
    with opened() as deployment:
        me = _prove(deployment, by, code, kind)
        with deployment.transaction(operator()) as tx:
            record = _record(tx, resets.approve(tx, reset, me))
    print_record(record, TITLES, as_json=as_json)


@click.command("reset-stop", help=_("Stop a reset that has not happened yet."))
@click.argument("reset", type=int)
@json_option
def stop(reset: int, as_json: bool) -> None:
    """Stops it."""
    with changing() as (_deployment, tx):
        record = _record(tx, resets.stop(tx, reset, by=f"operator:{tx.actor.id}"))
    print_record(record, TITLES, as_json=as_json)


@click.command("reset-list", help=_("Resets that wait for a second person or for their day."))
@click.option("--all", "all_states", is_flag=True, help=_("Also those that are over."))
@json_option
def list_(all_states: bool, as_json: bool) -> None:
    """Lists them."""
    with changing() as (_deployment, tx):
        rows = [_record(tx, row) for row in resets.listed(tx.session, all_states=all_states)]
    print_rows(rows, TITLES, as_json=as_json)


COMMANDS = (alone, request, approve, stop, list_)


def _prove(deployment: Deployment, number: str, code: str, kind: str) -> Witness:
    """In a transaction of its own: a wrong code is counted, a right one is spent, whatever becomes of the reset."""
    site = Site(deployment.ring.vault, deployment.settings)
    with deployment.transaction(operator()) as tx:
        try:
            return resets.witness(tx, site, persons.by_number(tx.session, number), code, kind)
        except FactorError as error:
            refused = error
    raise refused


def _record(tx: Transaction, row: FactorReset) -> dict[str, Any]:
    def number_of(person_id: int | None) -> str | None:
        return tx.session.get_one(Person, person_id).number if person_id is not None else None

    return {
        "reset": row.id,
        "number": number_of(row.person_id),
        "state": row.state,
        "requested_by": number_of(row.requested_by),
        "approved_by": number_of(row.approved_by),
        "expires_at": row.expires_at.isoformat(timespec="seconds"),
        "due_at": row.due_at.isoformat(timespec="seconds") if row.due_at else None,
        "reason": row.reason,
    }
