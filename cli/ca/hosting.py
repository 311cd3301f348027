"""``yima ca host``: the files of an authority whose machine has no network, served by this installation."""

import gettext
from pathlib import Path
from typing import Any

import click

from cli.ca.group import command
from cli.ca.record import OPERATORS, TITLES, read_file
from cli.frame import changing, confirm, json_option, yes_option
from cli.output import print_record
from idp.certification.ceremony import Ceremony
from idp.certification.office import office_of
from idp.certification.status import hosting
from idp.crypto import pem
from idp.crypto.x509.certificate import PEM_LABEL, Certificate

_ = gettext.gettext

ADDRESSES = {"certificate_url": _("Certificate"), "chain_url": _("Chain"), "list_url": _("List")}


@command.command(
    help=_(
        "Serve the files of an authority of another installation, under the name it has there. Its lists come by `yima crl take`."
    )
)
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@OPERATORS
@yes_option
@json_option
def host(name: str, file: Path, operators: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Shows the fingerprint, asks, serves."""
    given = read_file(file)
    Ceremony(operators).check()
    chain = [Certificate(der) for der in pem.decode_all(given, PEM_LABEL)]
    click.echo(_("Subject: %(subject)s") % {"subject": chain[0].subject}, err=True)
    click.echo(_("SM3 fingerprint of the certificate: %(fingerprint)s") % {"fingerprint": chain[0].fingerprint.hex()}, err=True)
    confirm(_("Do both operators read the same fingerprint on the paper of the authority?"), yes)
    with changing() as (deployment, tx):
        row = hosting.host(tx, name, given, Ceremony(operators))
        url = f"{office_of(deployment.settings, deployment.ring.vault).url}/ca/{row.name}"
    shown: dict[str, Any] = {
        "name": name,
        "subject": str(chain[0].subject),
        "fingerprint": chain[0].fingerprint.hex(),
        "certificate_url": f"{url}.crt",
        "chain_url": f"{url}.pem",
        "list_url": f"{url}.crl",
    }
    print_record(shown, {key: TITLES[key] for key in ("name", "subject", "fingerprint")} | ADDRESSES, as_json=as_json)
