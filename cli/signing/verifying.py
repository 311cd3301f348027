"""``yima signing verify``: the verdict on a signature of a file."""

import gettext
import sys
from pathlib import Path

import click

from cli.ca.record import read_certificates, read_file, read_list
from cli.frame import json_option, opened
from cli.output import print_json
from cli.signing.group import command
from cli.signing.record import FILE, digest_of
from idp.crypto.errors import CryptoError
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.signed_data import SignedData
from idp.signing import keys, trust
from idp.signing.verification import Judge, Verdict

_ = gettext.gettext


@command.command(help=_("Verify a signature: over this very file, by whom, up to a root we believe, and not revoked."))
@click.argument("signature", type=FILE)
@click.argument("file", type=FILE, required=False)
@click.option("--raw", is_flag=True, help=_("The signature is a bare one; name the certificate or the key."))
@click.option("--certificate", type=FILE, help=_("The certificate of the signer, for a bare signature."))
@click.option("--key", "name", help=_("The name of a key of the service, for a bare signature."))
@click.option("--crl", "lists", type=FILE, multiple=True, help=_("Lists of revoked certificates of other authorities."))
@json_option
def verify(
    signature: Path,
    file: Path | None,
    raw: bool,
    certificate: Path | None,
    name: str | None,
    lists: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Verifies. Exit code 1 says that it does not hold."""
    if raw and (file is None or (certificate is None) == (name is None)):
        raise click.UsageError(_("A bare signature needs the file, and either --certificate or --key."))
    if not raw and (certificate is not None or name is not None):
        raise click.UsageError(_("--certificate and --key are for bare signatures: give --raw."))
    der = read_file(signature)
    with opened() as deployment, deployment.reading() as session:
        believed = trust.of(session, trust.read_roots(deployment.settings.signing_trust))
        judge = Judge(session, believed, deployment.clock.now(), lists=[read_list(one) for one in lists])
        if raw and file is not None:
            document = Document.of(read_file(file))
            verdicts = [judge.raw(der, document, one) for one in _certificates(judge, certificate, name)]
            verdicts = [one for one in verdicts if "signature" in one.checked] or verdicts[:1]
        else:
            verdicts = judge.message(SignedData.from_der(der), digest_of(file) if file is not None else None)
    _print(verdicts, as_json)
    if not all(one.valid for one in verdicts):
        sys.exit(1)


def _certificates(judge: Judge, certificate: Path | None, name: str | None) -> list[Certificate]:
    if certificate is not None:
        return read_certificates(certificate)[:1]
    versions = keys.versions(judge.session, keys.by_name(judge.session, name or ""))
    return [Certificate(keys.certificate_row(judge.session, one).der) for one in versions]


def _print(verdicts: list[Verdict], as_json: bool) -> None:
    if as_json:
        found = [one.to_json() for one in verdicts]
        print_json({"valid": all(one.valid for one in verdicts), "signatures": found})
        return
    for one in verdicts:
        who = one.certificate.subject if one.certificate is not None else "-"
        if one.refusal is None:
            at = one.stamp.at if one.stamp is not None else one.signing_time
            when = at.isoformat() if at is not None else "-"
            said = _("Good: %(who)s, time-stamped %(when)s") if one.stamp is not None else _("Good: %(who)s, who says %(when)s")
            click.echo(said % {"who": who, "when": when})
        else:
            click.echo(_("Not good: %(who)s: %(why)s") % {"who": who, "why": _why(one.refusal)})


def _why(error: CryptoError) -> str:
    return gettext.gettext(error.message) % error.params if error.params else gettext.gettext(error.message)
