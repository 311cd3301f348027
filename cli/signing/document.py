"""``yima signing sign``, ``digest``, ``encrypt`` and ``open``, on files. Each use of a key is in the journal, as an app's is."""

import gettext
from pathlib import Path

import click

from cli.ca.record import office, read_certificates, read_file, write_file, write_private_bytes
from cli.frame import changing, json_option, opened, operator
from cli.output import print_record
from cli.signing.group import command
from cli.signing.record import FILE, digest_of
from idp.crypto.errors import CryptoError
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.enveloped_data import EnvelopedData
from idp.signing import envelopes, keys, signing, trust
from idp.signing.signing import SYNTAXES, Wanted

_ = gettext.gettext

TITLES = {
    "key": _("Name"),
    "format": _("Format"),
    "digest": _("SM3 digest"),
    "version": _("Version"),
    "certificate": _("Serial number"),
    "written": _("Written to"),
}


@command.command(help=_("Sign a file by a key of the service."))
@click.argument("file", type=FILE)
@click.option("--key", "name", required=True, help=_("The name of the key."))
@click.option("--out", type=FILE, required=True, help=_("Where the signature is written (DER)."))
@click.option(
    "--format",
    "form",
    type=click.Choice(["gmt0010", "cms", "raw"]),
    default="gmt0010",
    show_default=True,
    help=_("gmt0010 and cms are signed messages with certificate and time; raw is a bare SM2 signature."),
)
@click.option("--attached", is_flag=True, help=_("Put the file itself into the message."))
@click.option("--timestamp", is_flag=True, help=_("Have the signature stamped by the authority's time-stamp service."))
@json_option
def sign(file: Path, name: str, out: Path, form: str, attached: bool, timestamp: bool, as_json: bool) -> None:
    """Signs."""
    if form == "raw" and (attached or timestamp):
        raise click.UsageError(_("A bare signature holds neither the file nor a time-stamp."))
    document = Document.of(read_file(file)) if attached or form == "raw" else digest_of(file)
    with changing() as (deployment, tx):
        wanted = Wanted(document, form, attached, timestamp)  # type: ignore[arg-type]
        made = signing.sign(tx, office(deployment), keys.by_name(tx.session, name), wanted)
    write_file(out, made.signature)
    shown = {
        "key": name,
        "format": form,
        "digest": document.digest.hex(),
        "version": made.version,
        "certificate": f"{made.certificate.serial_number:x}",
        "written": str(out),
    }
    print_record(shown, TITLES, as_json=as_json)


@command.command(help=_("The SM3 digest of a file."))
@click.argument("file", type=FILE)
@json_option
def digest(file: Path, as_json: bool) -> None:
    """Prints it."""
    print_record({"digest": digest_of(file).digest.hex()}, {"digest": TITLES["digest"]}, as_json=as_json)


@command.command(help=_("Encrypt a file to certificates that lead to a root we believe, and to keys of the service."))
@click.argument("file", type=FILE)
@click.option("--to", "files", type=FILE, multiple=True, help=_("A file with the certificate of a recipient; may be given again."))
@click.option("--key", "names", multiple=True, help=_("The name of a key of the service; may be given again."))
@click.option("--format", "form", type=click.Choice(list(SYNTAXES)), default="gmt0010", show_default=True)
@click.option("--out", type=FILE, required=True, help=_("Where the envelope is written (DER)."))
@json_option
def encrypt(file: Path, files: tuple[Path, ...], names: tuple[str, ...], form: str, out: Path, as_json: bool) -> None:
    """Encrypts."""
    if not files and not names:
        raise click.UsageError(_("Name a recipient, by --to or --key."))
    content = read_file(file)
    with changing() as (deployment, tx):
        believed = trust.of(tx.session, trust.read_roots(deployment.settings.signing_trust))
        found = [read_certificates(one) for one in files]
        for first, *others in found:
            trust.check(tx.session, believed, first, others=others, at=tx.now)
        to_keys = [envelopes.recipient(tx, keys.by_name(tx.session, one)) for one in names]
        recipients = list(dict.fromkeys([*(one[0] for one in found), *to_keys]))
        message = envelopes.seal(tx, content, recipients, SYNTAXES[form])
    write_file(out, message)
    shown = {"digest": Document.of(content).digest.hex(), "format": form, "written": str(out)}
    print_record(shown, {name: TITLES[name] for name in shown}, as_json=as_json)


@command.command("open", help=_("Open an envelope by a key of the service."))
@click.argument("envelope", type=FILE)
@click.option("--key", "name", required=True, help=_("The name of the key."))
@click.option("--out", type=FILE, required=True, help=_("Where it is written; a file that exists is never replaced."))
@json_option
def open_(envelope: Path, name: str, out: Path, as_json: bool) -> None:
    """Opens."""
    der = read_file(envelope)
    message = EnvelopedData.from_der(der)
    with opened() as deployment:
        try:
            with deployment.transaction(operator()) as tx:
                content = envelopes.open_(tx, office(deployment), keys.by_name(tx.session, name), message)
        except CryptoError as error:
            with deployment.transaction(operator()) as tx:
                envelopes.record_refusal(tx, keys.by_name(tx.session, name), der, error)
            raise
    write_private_bytes(out, content)
    shown = {"key": name, "digest": Document.of(content).digest.hex(), "written": str(out)}
    print_record(shown, {part: TITLES[part] for part in shown}, as_json=as_json)
