"""``yima factor``: second factors of persons, and hardware tokens."""

import gettext
import sys
from pathlib import Path
from typing import Any

import click

from cli import factor_reset
from cli.frame import PARTLY_DONE, changing, json_option, locale, opened, operator
from cli.imports import REPORT_OPTION, finish_import
from cli.output import print_json, print_record, print_rows, progress
from idp.deployment import Deployment
from idp.i18n import translate
from idp.mfa import credentials, enrolment
from idp.mfa.errors import FactorError
from idp.mfa.factor import Occasion, Purpose, Site
from idp.mfa.factors import kind_of
from idp.mfa.factors.sm3otp import tokens
from idp.mfa.factors.sm3otp.kinds import Sm3Otp
from idp.mfa.factors.sm3otp.seeds import import_seeds
from idp.mfa.factors.sm3otp.tokens import Mode
from idp.mfa.factors.totp import Totp
from idp.mfa.qr import as_text
from idp.mfa.tables import Credential
from idp.registry import persons

_ = gettext.gettext

AT_THE_TERMINAL = Occasion("cli", Purpose.ENROL)
TITLES = {
    "kind": _("Kind"),
    "label": _("Name"),
    "state": _("State"),
    "level": _("Level"),
    "created_at": _("Set up on"),
    "last_used_at": _("Last used"),
}
TOKEN_TITLES = {"serial": _("Serial number"), "mode": _("Mode"), "person": _("Person"), "state": _("State")}


@click.group(name="factor", help=_("Second factors: list, set up, reset, unlock; hardware tokens."))
def command() -> None:
    """The group."""


for one in factor_reset.COMMANDS:
    command.add_command(one)


@command.command(name="list", help=_("The second factors of a person."))
@click.argument("number")
@json_option
def list_(number: str, as_json: bool) -> None:
    """Shows them."""
    with opened() as deployment, deployment.reading() as session:
        rows = credentials.held_by(session, persons.by_number(session, number).id)
    print_rows([_record(row, as_json=as_json) for row in rows], TITLES, as_json=as_json)


@command.command(help=_("Set an authenticator app up here in the terminal."))
@click.argument("number")
def totp(number: str) -> None:
    """Shows the QR code and takes a working code."""
    with opened() as deployment:
        site = Site(deployment.ring.vault, deployment.settings)
        with deployment.transaction(operator()) as tx:
            person = persons.by_number(tx.session, number)
            begun = enrolment.begin(tx, site, person, Totp.kind, occasion=AT_THE_TERMINAL, label=_("Authenticator app"))
        click.echo(as_text(begun.shown["uri"]))
        click.echo(_("Scan this with the authenticator app, or type this key into it: %(key)s") % {"key": begun.shown["secret"]})
        _confirm(deployment, number, Totp.kind, {"code": click.prompt(_("The code that the app shows"))})
    click.echo(_("Done."))


@command.command(help=_("Let the locked second factors of a person be tried again, and forget the wrong answers."))
@click.argument("number")
@json_option
def unlock(number: str, as_json: bool) -> None:
    """Unlocks."""
    with changing() as (_deployment, tx):
        unlocked = credentials.unlock(tx, persons.by_number(tx.session, number))
    if as_json:
        print_json({"number": number, "unlocked": unlocked})
        return
    click.echo(_("%(count)s second factors unlocked.") % {"count": unlocked})


@command.command(name="import-seeds", help=_("Import the seed file (CSV) that comes with SM3 hardware tokens."))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@REPORT_OPTION
@json_option
def import_seeds_(file: Path, report: Path | None, as_json: bool) -> None:
    """Imports a seed file."""
    with opened() as deployment, progress(_("Importing")) as advance:
        outcome = import_seeds(file, deployment.ring.vault, lambda: deployment.transaction(operator()), advance)
    sys.exit(PARTLY_DONE if finish_import(outcome, file, report, as_json) else 0)


@command.command(help=_("Assign the hardware token SERIAL to a person, who confirms it by a code, here or on their own page."))
@click.argument("number")
@click.argument("serial")
@click.option("--code", help=_("The code that the token shows now: sets it up at once."))
@click.option("--next", "following", default="", help=_("The code after it, for a token whose clock or counter has gone astray."))
@click.option("--end", is_flag=True, help=_("Take the token back, and the second factor that it is."))
@json_option
def assign(number: str, serial: str, code: str | None, following: str, end: bool, as_json: bool) -> None:
    """Assigns, or takes back."""
    if end:
        with changing() as (_deployment, tx):
            person = persons.by_number(tx.session, number)
            for row in credentials.held_by(tx.session, person.id):
                if row.public.get("serial") == tokens.find(tx.session, serial).serial:
                    credentials.remove(tx, person, row.id)
            token = tokens.take_back(tx, person, serial)
            record = {"serial": token.serial, "mode": token.mode, "person": None, "state": "free"}
        print_record(record, TOKEN_TITLES, as_json=as_json)
        return
    with opened() as deployment:
        site = Site(deployment.ring.vault, deployment.settings)
        with deployment.transaction(operator()) as tx:
            person = persons.by_number(tx.session, number)
            token = tokens.assign(tx, person, serial)
            record = {"serial": token.serial, "mode": token.mode, "person": number, "state": "assigned"}
            if code is not None and token.mode == Mode.CHALLENGE:
                raise click.UsageError(_("A challenge token answers a number: it is confirmed on the person's own page."))
            if code is not None:
                enrolment.begin(tx, site, person, Sm3Otp.kind, occasion=AT_THE_TERMINAL, details={"serial": token.serial})
        if code is not None:
            _confirm(deployment, number, Sm3Otp.kind, {"code": code, "next": following})
            record["state"] = "active"
    print_record(record, TOKEN_TITLES, as_json=as_json)


def _confirm(deployment: Deployment, number: str, kind: str, given: dict[str, str]) -> None:
    site = Site(deployment.ring.vault, deployment.settings)
    refused: FactorError | None = None
    with deployment.transaction(operator()) as tx:
        person = persons.by_number(tx.session, number)
        try:
            enrolment.confirm(tx, site, person, kind, given, occasion=AT_THE_TERMINAL)
        except FactorError as error:  # caught, so that the wrong try is counted
            refused = error
    if refused is not None:
        raise refused


def _record(row: Credential, *, as_json: bool) -> dict[str, Any]:
    factor = kind_of(row.kind)
    return {
        "id": row.id,
        "kind": row.kind if as_json else translate(factor.title, locale()),
        "label": row.label,
        "state": row.state,
        "level": factor.level,
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "last_used_at": row.last_used_at.isoformat(timespec="seconds") if row.last_used_at else None,
    }
