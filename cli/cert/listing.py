"""``yima cert list`` and ``show``."""

import gettext

import click
from sqlalchemy import select

from cli.cert.group import command
from cli.cert.record import TITLES, record
from cli.frame import json_option, opened
from cli.output import print_record, print_rows
from idp.certification import authorities, issuance, renewals
from idp.certification.tables import IssuedCertificate
from idp.crypto.x509.certificate import Certificate
from idp.registry import persons

_ = gettext.gettext

COLUMNS = {key: TITLES[key] for key in ("serial", "subject", "authority", "profile", "state", "valid_until")}


@command.command("list", help=_("List certificates, the newest first."))
@click.option("--authority", help=_("Only those of this authority."))
@click.option("--person", help=_("Only those of this person."))
@click.option(
    "--expiring",
    type=click.IntRange(1, 10_950),
    metavar="DAYS",
    help=_("Only those that end within so many days and have no successor yet, the first to end first."),
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help=_("At most so many."))
@json_option
def list_(authority: str | None, person: str | None, expiring: int | None, limit: int, as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        if expiring is not None:
            wanted = renewals.expiring(deployment.clock.now(), expiring).limit(limit)
        else:
            wanted = select(IssuedCertificate).order_by(IssuedCertificate.id.desc()).limit(limit)
        if authority is not None:
            wanted = wanted.where(IssuedCertificate.authority_id == authorities.by_name(session, authority).id)
        if person is not None:
            wanted = wanted.where(IssuedCertificate.person_id == persons.by_number(session, person).id)
        rows = [record(session, row, deployment.clock.now()) for row in session.scalars(wanted)]
    print_rows(rows, COLUMNS, as_json=as_json)


@command.command(help=_("Show a certificate by its serial number, or print it."))
@click.argument("serial")
@click.option("--pem", is_flag=True, help=_("Print the certificate, for a file."))
@json_option
def show(serial: str, pem: bool, as_json: bool) -> None:
    """Shows it."""
    with opened() as deployment, deployment.reading() as session:
        row = issuance.by_serial(session, serial)
        if pem:
            click.echo(Certificate(row.der).to_pem(), nl=False)
            return
        print_record(record(session, row, deployment.clock.now()), TITLES, as_json=as_json)
