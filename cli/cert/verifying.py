"""``yima cert verify``: a certificate by files alone, without an installation."""

import gettext
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.ca.record import read_certificates, read_list
from cli.cert.group import command
from cli.frame import json_option
from cli.output import print_json
from idp.crypto.x509.errors import UnknownIssuer
from idp.crypto.x509.path import PathRules, validate_path, warnings
from idp.crypto.x509.revocation import RevocationEvidence

_ = gettext.gettext

FILE = click.Path(path_type=Path, dir_okay=False)


@command.command(help=_("Verify a certificate: its path to a root that you trust, and with --crl whether it was revoked."))
@click.argument("file", type=FILE)
@click.option("--trust", type=FILE, required=True, help=_("The root, as a file; the last certificate in it counts."))
@click.option("--crl", "lists", type=FILE, multiple=True, help=_("The list of each authority on the way, DER or PEM."))
@json_option
def verify(file: Path, trust: Path, lists: tuple[Path, ...], as_json: bool) -> None:
    """Verifies. Exit code 1 says that it does not hold, and the message why."""
    given = read_certificates(file)
    root = read_certificates(trust)[-1]
    path = [one for one in given if one != root]
    if not path:
        raise UnknownIssuer(detail="nothing but the root itself")
    evidence = RevocationEvidence([read_list(one) for one in lists]) if lists else None
    validate_path(path, root, PathRules(at=datetime.now(UTC), revocation=evidence))
    found = {
        "subject": str(path[0].subject),
        "root": root.fingerprint.hex(),
        "revocation_checked": evidence is not None,
        "warnings": [finding.lint for finding in warnings(path, root)],
    }
    if as_json:
        print_json(found)
        return
    click.echo(_("Valid: %(subject)s") % {"subject": found["subject"]})
    if found["warnings"]:
        click.echo(_("Note: it is valid for longer than the authority above it. It ends with that one."))
    if evidence is None:
        click.echo(_("Whether it was revoked was not checked: give the lists with --crl."))
