"""``yima cert request`` and ``issue``."""

import gettext
from pathlib import Path

import click
from sqlalchemy.orm import Session

from cli.ca.record import office, read_file, read_request, write_file, write_private_file
from cli.cert.group import command
from cli.cert.record import TITLES, record
from cli.frame import changing, json_option
from cli.output import print_json, print_record
from idp.audit import Transaction
from idp.certification import authorities, double, issuance, subjects
from idp.certification.issuance import Application
from idp.certification.subjects import Holder
from idp.certification.tables import IssuedCertificate
from idp.crypto import sm2, sm3
from idp.crypto.jose import SoftwareSigner
from idp.crypto.jose.algorithms import SM2_ALGORITHM
from idp.crypto.jose.sm2_key import SM2Key
from idp.crypto.key_files import enveloped_key, write_private_key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.name import Name
from idp.crypto.x509.request import CertificateRequest, create_request

_ = gettext.gettext

FILE = click.Path(path_type=Path, dir_okay=False)
PASSWORD = click.option("--password-file", type=FILE, help=_("A file with the password of the key in it; asked for if left out."))
MIN_PASSWORD = 8


@command.command(help=_("Make a key and the request for its certificate, on the machine of whoever will hold the key."))
@click.option(
    "--key", type=FILE, required=True, help=_("Where the encrypted key is written; a file that exists is never replaced.")
)
@click.option("--out", type=FILE, required=True, help=_("Where the request is written."))
@PASSWORD
@json_option
def request(key: Path, out: Path, password_file: Path | None, as_json: bool) -> None:
    """Makes both."""
    made = new_key_request(key, password_file)
    write_file(out, made.to_pem())
    fingerprint = sm3.digest(made.der).hex()
    if as_json:
        print_json({"request_fingerprint": fingerprint, "key": str(key), "request": str(out)})
        return
    click.echo(_("SM3 fingerprint of the request: %(fingerprint)s") % {"fingerprint": fingerprint})


@command.command(help=_("Issue a certificate. The names in it come from the register, not from the request."))
@click.argument("authority")
@click.argument("file", type=FILE, required=False)
@click.option("--profile", help=_("The kind of certificate, see /ca/; without it, by whom it is for."))
@click.option("--person", help=_("The number of the person it is for."))
@click.option(
    "--host", "hosts", multiple=True, help=_("A host name it is for, within the institution's domains; may be given again.")
)
@click.option("--issuer", help=_("The address of an issuer of tokens that it is for, within the institution's domains."))
@click.option("--app", "app_id", help=_("The client id of the app that it is for."))
@click.option("--name", default="", help=_("What it is for: the name of a device."))
@click.option("--school", help=_("The code of the institution; without it, the authority's own."))
@click.option(
    "--new-key", type=FILE, help=_("Make the key here too, instead of reading a request, and write it to this file, encrypted.")
)
@click.option(
    "--pair",
    is_flag=True,
    help=_("Issue an encryption certificate too; its key is made and kept here, and written in an envelope."),
)
@click.option("--out", type=FILE, help=_("Where the certificate is written, with those above it; without it, nowhere."))
@PASSWORD
@json_option
def issue(
    authority: str,
    file: Path | None,
    profile: str | None,
    person: str | None,
    hosts: tuple[str, ...],
    issuer: str | None,
    app_id: str | None,
    name: str,
    school: str | None,
    new_key: Path | None,
    pair: bool,
    out: Path | None,
    password_file: Path | None,
    as_json: bool,
) -> None:
    """Issues."""
    if (file is None) == (new_key is None):
        raise click.UsageError(_("Give either the file of a request or --new-key."))
    if pair and out is None:
        raise click.UsageError(_("A pair needs --out: the encryption key must go somewhere."))
    asking = read_request(file) if file is not None else new_key_request(new_key, password_file)  # type: ignore[arg-type]
    try:
        with changing() as (deployment, tx):
            above = authorities.by_name(tx.session, authority)
            usual, holder = _holder(tx, school or above.institution, person, hosts, issuer, app_id, name)
            acting = office(deployment)
            kind = acting.profiles[profile or usual]
            both = double.issue_pair(tx, acting, above, kind, holder, asking) if pair else None
            row = both.signing if both is not None else issuance.issue(tx, acting, above, Application(kind, holder, asking))
            shown, upper = record(tx.session, row, tx.now), authorities.chain_of(above)
            if both is not None:
                shown["encryption_serial"] = both.encryption.serial
    except BaseException:
        if new_key is not None:
            new_key.unlink()  # the key of no certificate
        raise
    # Only now: a certificate without its row would be one that nobody can revoke.
    if out is not None:
        write_chain(out, row, upper)
        if both is not None:
            write_chain(out.with_suffix(".enc.pem"), both.encryption, upper)
            write_private_file(out.with_suffix(".enc.envelope"), enveloped_key.to_pem(both.envelope))
    print_record(shown, TITLES, as_json=as_json)


def write_chain(path: Path, row: IssuedCertificate, upper: list[Certificate]) -> None:
    """Writes the certificate and those above it."""
    write_file(path, "".join(one.to_pem() for one in (Certificate(row.der), *upper)))


def _holder(
    tx: Transaction,
    school: str | None,
    person: str | None,
    hosts: tuple[str, ...],
    issuer: str | None,
    app_id: str | None,
    name: str,
) -> tuple[str, Holder]:
    """Whom it is for, and the profile that such a holder usually gets."""
    session: Session = tx.session
    if sum((person is not None, bool(hosts), issuer is not None, app_id is not None)) > 1:
        raise click.UsageError(_("A certificate is for one: give only one of --person, --host, --issuer and --app."))
    if school is None:
        raise click.UsageError(_("The authority belongs to no institution: give --school."))
    if person is not None:
        return "person-sign", subjects.person_at(session, person, school, tx.now.date())
    if issuer is not None:
        return "token", subjects.issuer_of(session, issuer, school)
    if app_id is not None:
        return "app", subjects.app_of(session, app_id, school)
    if hosts:
        return "tls-sign", subjects.host_of(session, hosts, school)
    return "client", subjects.institution_itself(session, school, name)


def new_key_request(path: Path, password_file: Path | None) -> CertificateRequest:
    """A key in a new file that only its owner may read, and a request for it. The name in the request does not count."""
    if password_file is not None:
        password = read_file(password_file).rstrip(b"\r\n")
    else:
        password = click.prompt(_("Password for the key file"), hide_input=True, confirmation_prompt=True, err=True).encode()
    if len(password) < MIN_PASSWORD:
        raise click.UsageError(_("The password of a key file has at least %(count)s characters.") % {"count": MIN_PASSWORD})
    key = sm2.PrivateKey.generate()
    write_private_file(path, write_private_key(key, password))
    return create_request(Name.of(("CN", path.stem[:64] or "key")), SoftwareSigner(SM2_ALGORITHM, SM2Key(key.public_key, key)))
