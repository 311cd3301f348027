"""``yima ca request``, ``sign`` and ``accept``: an authority's certificate by files, between two installations and two people."""

import gettext
from pathlib import Path

import click

from cli.ca.group import command
from cli.ca.record import (
    COMMON_NAME,
    KEY,
    OPERATORS,
    ORGANISATION,
    SCHOOL,
    TITLES,
    holder,
    office,
    read_file,
    read_request,
    record,
    write_file,
)
from cli.frame import changing, confirm, json_option, yes_option
from cli.output import print_record
from idp.certification import authorities, ceremony
from idp.certification.ceremony import Ceremony
from idp.certification.status import lists
from idp.crypto import pem, sm3
from idp.crypto.devices.reference import KeyReference
from idp.crypto.x509.certificate import PEM_LABEL, Certificate

_ = gettext.gettext

FILE = click.Path(path_type=Path, dir_okay=False)
SIGNED_TITLES = {
    "subject": _("Subject"),
    "request_fingerprint": _("SM3 fingerprint of the request"),
    "fingerprint": _("SM3 fingerprint"),
    "valid_until": _("Valid until"),
    "operators": _("Operators"),
}


@command.command(help=_("Make the key of an authority and the request for its certificate, to be carried to the authority above."))
@click.argument("name")
@SCHOOL
@ORGANISATION
@COMMON_NAME
@click.option("--out", type=FILE, required=True, help=_("Where the request is written."))
@KEY
@json_option
def request(
    name: str, school: str | None, organisation: str | None, common_name: str, out: Path, key: str | None, as_json: bool
) -> None:
    """Makes the request."""
    reference = KeyReference.parse(key) if key is not None else None
    with changing() as (deployment, tx):
        whose = holder(tx.session, school, organisation, common_name)
        row = ceremony.request(tx, office(deployment), name, whose, key=reference)
        write_file(out, row.request)
        print_record(record(tx.session, row), TITLES, as_json=as_json)


@command.command(help=_("Sign the request of an authority of another installation. Two operators compare the fingerprints first."))
@click.argument("parent")
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, required=True, help=_("Where the certificate is written, with those above it."))
@OPERATORS
@yes_option
@json_option
def sign(parent: str, file: Path, out: Path, operators: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Shows the fingerprint, asks, signs."""
    asking = read_request(file)
    fingerprint = sm3.digest(asking.der).hex()
    Ceremony(operators).check()
    click.echo(_("Subject: %(subject)s") % {"subject": asking.subject}, err=True)
    click.echo(_("SM3 fingerprint of the request: %(fingerprint)s") % {"fingerprint": fingerprint}, err=True)
    confirm(_("Do both operators read the same fingerprint on the applicant's paper?"), yes)
    with changing() as (deployment, tx):
        above = authorities.by_name(tx.session, parent)
        row = ceremony.sign(tx, office(deployment), above, asking, Ceremony(operators))
        chain = [Certificate(row.der), *authorities.chain_of(above)]
    # Only now: a certificate without its row would be one that nobody can revoke.
    write_file(out, "".join(one.to_pem() for one in chain))
    shown = {
        "subject": row.subject,
        "serial": row.serial,
        "request_fingerprint": fingerprint,
        "fingerprint": row.fingerprint,
        "valid_until": row.not_after.isoformat(),
        "operators": list(operators),
    }
    print_record(shown, SIGNED_TITLES, as_json=as_json)


@command.command(help=_("Accept the certificate that came back for a request of this installation, with those above it."))
@click.argument("name")
@click.argument("file", type=FILE)
@OPERATORS
@yes_option
@json_option
def accept(name: str, file: Path, operators: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Shows the fingerprints, asks, accepts."""
    given = read_file(file)
    Ceremony(operators).check()
    chain = [Certificate(der) for der in pem.decode_all(given, PEM_LABEL)]
    own, root = chain[0].fingerprint.hex(), chain[-1].fingerprint.hex()
    click.echo(_("SM3 fingerprint of the certificate: %(fingerprint)s") % {"fingerprint": own}, err=True)
    click.echo(_("SM3 fingerprint of the root: %(fingerprint)s") % {"fingerprint": root}, err=True)
    confirm(_("Do both operators read the same fingerprints on the paper of the authority above?"), yes)
    with changing() as (deployment, tx):
        row = ceremony.accept(tx, office(deployment), name, given, Ceremony(operators))
        lists.publish(tx, office(deployment), row)
        print_record(record(tx.session, row) | {"root_fingerprint": root}, TITLES, as_json=as_json)
