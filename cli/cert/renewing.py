"""``yima cert renew``."""

import gettext
from pathlib import Path

import click

from cli.ca.record import office, read_request
from cli.cert.group import command
from cli.cert.issuing import FILE, PASSWORD, new_key_request, write_chain
from cli.cert.record import TITLES, record
from cli.frame import changing, json_option
from cli.output import print_record
from idp.certification import authorities, issuance, renewals
from idp.certification.tables import CertificateAuthority

_ = gettext.gettext


@command.command(
    help=_("Issue the successor of a certificate: same authority, kind and holder, a new key. Both are good together.")
)
@click.argument("serial")
@click.argument("file", type=FILE, required=False)
@click.option(
    "--new-key", type=FILE, help=_("Make the key here too, instead of reading a request, and write it to this file, encrypted.")
)
@click.option("--supersede", is_flag=True, help=_("Revoke the old one at once, as superseded."))
@click.option("--out", type=FILE, help=_("Where the certificate is written, with those above it; without it, nowhere."))
@PASSWORD
@json_option
def renew(
    serial: str,
    file: Path | None,
    new_key: Path | None,
    supersede: bool,
    out: Path | None,
    password_file: Path | None,
    as_json: bool,
) -> None:
    """Renews."""
    if (file is None) == (new_key is None):
        raise click.UsageError(_("Give either the file of a request or --new-key."))
    asking = read_request(file) if file is not None else new_key_request(new_key, password_file)  # type: ignore[arg-type]
    try:
        with changing() as (deployment, tx):
            row = renewals.renew(tx, office(deployment), issuance.by_serial(tx.session, serial), asking, supersede=supersede)
            shown = record(tx.session, row, tx.now)
            upper = authorities.chain_of(tx.session.get_one(CertificateAuthority, row.authority_id))
    except BaseException:
        if new_key is not None:
            new_key.unlink()  # the key of no certificate
        raise
    # Only now: a certificate without its row would be one that nobody can revoke.
    if out is not None:
        write_chain(out, row, upper)
    print_record(shown, TITLES, as_json=as_json)
