"""``yima cert revoke``, ``hold`` and ``release``."""

import gettext
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import click
from sqlalchemy.orm import Session

from cli.cert.group import command
from cli.cert.record import TITLES, record
from cli.frame import changing, confirm, json_option, yes_option
from cli.output import print_record, print_rows
from idp.certification import issuance
from idp.certification.errors import AlreadyRevoked, NotOnHold
from idp.certification.status import revocation
from idp.certification.status.revocation import REASONS
from idp.certification.tables import IssuedCertificate
from idp.crypto.x509.reasons import Reason
from idp.registry import institutions, persons

_ = gettext.gettext

COLUMNS = {key: TITLES[key] for key in ("serial", "subject", "state")}
PERSON = click.option("--person", help=_("All certificates of this person."))
SCHOOL = click.option("--school", help=_("All certificates of this institution, its people and its authorities."))


@command.command(help=_("Revoke a certificate for good. The next list and every answer from now on say so."))
@click.argument("serial")
@click.option(
    "--reason",
    type=click.Choice([reason.word for reason in REASONS]),
    default=Reason.UNSPECIFIED.word,
    show_default=True,
    help=_("Why, in the words of RFC 5280."),
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help=_("Since when the key is suspected (UTC)."))
@yes_option
@json_option
def revoke(serial: str, reason: str, since: datetime | None, yes: bool, as_json: bool) -> None:
    """Revokes."""
    confirm(_("%(serial)s can never be used again. Go on?") % {"serial": serial}, yes)
    with changing() as (_deployment, tx):
        row = issuance.by_serial(tx.session, serial)
        suspected = since.replace(tzinfo=UTC) if since is not None else None
        revocation.revoke(tx, row, Reason.of_word(reason), invalid_since=suspected)
        print_record(record(tx.session, row, tx.now), TITLES, as_json=as_json)


@command.command(help=_("Suspend certificates until they are released: of one number, of a person, or of a school."))
@click.argument("serial", required=False)
@PERSON
@SCHOOL
@json_option
def hold(serial: str | None, person: str | None, school: str | None, as_json: bool) -> None:
    """Suspends. Of a person or a school those that are held or revoked already stay as they are."""
    with changing() as (_deployment, tx):
        rows = []
        for row in _chosen(tx.session, serial, person, school, tx.now):
            if serial is not None:
                revocation.hold(tx, row)
            else:
                with suppress(AlreadyRevoked):
                    revocation.hold(tx, row)
            rows.append(record(tx.session, row, tx.now))
        print_rows(rows, COLUMNS, as_json=as_json)


@command.command(help=_("Release certificates that are on hold: of one number, of a person, or of a school."))
@click.argument("serial", required=False)
@PERSON
@SCHOOL
@json_option
def release(serial: str | None, person: str | None, school: str | None, as_json: bool) -> None:
    """Releases. Of a person or a school those that are not on hold stay as they are."""
    with changing() as (_deployment, tx):
        rows = []
        for row in _chosen(tx.session, serial, person, school, tx.now):
            if serial is not None:
                revocation.release(tx, row)
            else:
                with suppress(NotOnHold):
                    revocation.release(tx, row)
            rows.append(record(tx.session, row, tx.now))
        print_rows(rows, COLUMNS, as_json=as_json)


def _chosen(
    session: Session, serial: str | None, person: str | None, school: str | None, now: datetime
) -> Sequence[IssuedCertificate]:
    if sum(one is not None for one in (serial, person, school)) != 1:
        raise click.UsageError(_("Give a serial number, --person or --school, and only one of them."))
    if serial is not None:
        return [issuance.by_serial(session, serial)]
    if person is not None:
        return revocation.of_person(session, persons.by_number(session, person).id, now)
    return revocation.of_institution(session, institutions.by_code(session, school or "").code, now)
