"""``yima cert recover`` and ``unwrap``: encryption keys that are kept here, on their way to their holder."""

import gettext
from pathlib import Path

import click

from cli.ca.record import OPERATORS, office, read_file, write_file, write_private_file
from cli.cert.group import command
from cli.frame import changing, confirm, json_option, yes_option
from cli.output import print_record
from idp.certification import double, issuance
from idp.certification.ceremony import Ceremony
from idp.certification.office import key_digest
from idp.crypto.key_files import enveloped_key, read_private_key, write_private_key

_ = gettext.gettext

FILE = click.Path(path_type=Path, dir_okay=False)
RECOVERED = {
    "serial": _("Certificate"),
    "recipient": _("Recipient"),
    "operators": _("Operators"),
    "file": _("File"),
}
OPENED = {"key": _("Key"), "file": _("File")}


@command.command(
    help=_("Recover the encryption key of a certificate that is kept here, by two operators, for another certificate.")
)
@click.argument("serial")
@click.option("--to", "recipient", required=True, help=_("The serial number of the certificate whose key will open it."))
@click.option("--reason", required=True, help=_("Why; the journal keeps it."))
@click.option("--out", type=FILE, required=True, help=_("Where the envelope is written."))
@OPERATORS
@yes_option
@json_option
def recover(serial: str, recipient: str, reason: str, out: Path, operators: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Recovers."""
    Ceremony(operators).check()
    question = _("%(recipient)s will be able to read what was encrypted to %(serial)s. Go on?")
    confirm(question % {"recipient": recipient, "serial": serial}, yes)
    with changing() as (deployment, tx):
        row, to = issuance.by_serial(tx.session, serial), issuance.by_serial(tx.session, recipient)
        envelope = double.recover(tx, office(deployment), row, to, reason, Ceremony(operators))
    # Only now: nobody has a recovered key that the journal does not know of.
    write_file(out, enveloped_key.to_pem(envelope))
    shown = {"serial": row.serial, "recipient": to.serial, "operators": list(operators), "file": str(out)}
    print_record(shown, RECOVERED, as_json=as_json)


@command.command(help=_("Open the envelope of an encryption key with the signing key, and write the key to a file, encrypted."))
@click.argument("envelope", type=FILE)
@click.option("--key", type=FILE, required=True, help=_("The file of the signing key."))
@click.option("--out", type=FILE, required=True, help=_("Where the encryption key is written, under the same password."))
@click.option("--password-file", type=FILE, help=_("A file with the password of the key in it; asked for if left out."))
@json_option
def unwrap(envelope: Path, key: Path, out: Path, password_file: Path | None, as_json: bool) -> None:
    """Opens it."""
    if password_file is not None:
        password = read_file(password_file).rstrip(b"\r\n")
    else:
        password = click.prompt(_("Password of the key file"), hide_input=True, err=True).encode()
    opened = enveloped_key.open_enveloped(enveloped_key.from_pem(read_file(envelope)), read_private_key(read_file(key), password))
    write_private_file(out, write_private_key(opened, password))
    print_record({"key": key_digest(opened.public_key), "file": str(out)}, OPENED, as_json=as_json)
