"""``yima key request`` and ``certificate``: the certificate of a token key by files, from an authority at another installation."""

import gettext
import shlex
from pathlib import Path

import click

from cli.ca.record import read_certificates, write_file
from cli.frame import changing, json_option, opened
from cli.key.group import command
from cli.output import print_record
from idp.certification.tokens import keys as token_keys
from idp.crypto import sm3
from idp.keys import chains
from idp.keys.errors import NoSuchKey

_ = gettext.gettext

FILE = click.Path(path_type=Path, dir_okay=False)
REQUEST_TITLES = {
    "kid": _("Key"),
    "issuer": _("Issuer"),
    "request_fingerprint": _("SM3 fingerprint of the request"),
    "next": _("There"),
}
CHAIN_TITLES = {
    "kid": _("Key"),
    "issuer": _("Issuer"),
    "fingerprint": _("SM3 fingerprint"),
    "root_fingerprint": _("SM3 fingerprint of the root"),
    "valid_until": _("Valid until"),
}


@command.command(
    help=_("Write the request for the certificate of a key that signs tokens, for an authority at another installation.")
)
@click.argument("kid")
@click.option("--out", type=FILE, required=True, help=_("Where the request is written."))
@json_option
def request(kid: str, out: Path, as_json: bool) -> None:
    """Writes it, and prints what is to be done there."""
    with opened() as deployment, deployment.reading() as session:
        signers = deployment.ring.current().signers
        key = chains.by_id(session, kid)
        if key.kid not in signers:
            raise NoSuchKey(key_id=kid[:64])
        issuer = deployment.settings.public_url
        made = token_keys.request(signers[key.kid], issuer)
    write_file(out, made.to_pem())
    there = (
        f"yima cert issue AUTHORITY {shlex.quote(out.name)} --profile token --issuer {issuer} --school CODE --out {out.stem}.pem"
    )
    shown = {"kid": kid, "issuer": issuer, "request_fingerprint": sm3.digest(made.der).hex(), "next": there}
    print_record(shown, REQUEST_TITLES, as_json=as_json)


@command.command(
    help=_("Show the certificate that came back in the key set, with those above it, so that others can verify tokens.")
)
@click.argument("kid")
@click.argument("file", type=FILE)
@json_option
def certificate(kid: str, file: Path, as_json: bool) -> None:
    """Accepts it."""
    chain = read_certificates(file)
    with changing() as (deployment, tx):
        issuer = deployment.settings.public_url
        token_keys.accept(tx, chains.by_id(tx.session, kid), chain, issuer)
        shown = {
            "kid": kid,
            "issuer": issuer,
            "fingerprint": chain[0].fingerprint.hex(),
            "root_fingerprint": chain[-1].fingerprint.hex(),
            "valid_until": chain[0].tbs.not_after.isoformat(),
        }
    print_record(shown, CHAIN_TITLES, as_json=as_json)
