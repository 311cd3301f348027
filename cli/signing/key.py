"""``yima signing key …``."""

import gettext
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.ca.record import KEY, office, write_file
from cli.frame import changing, confirm, json_option, opened, yes_option
from cli.output import print_record, print_rows
from cli.signing.group import key as command
from cli.signing.record import FILE, TITLES, record
from idp.audit import Transaction
from idp.certification import authorities
from idp.certification.status import revocation
from idp.crypto.devices.reference import KeyReference
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.reasons import Reason
from idp.signing import keys
from idp.signing.keys import Use
from idp.signing.tables import SigningKey

_ = gettext.gettext


@command.command(help=_("Make a key, certified by an authority of this installation. No app may use it until it is allowed."))
@click.argument("name")
@click.option("--authority", required=True, help=_("The authority that certifies it; the institution in it is the authority's."))
@click.option(
    "--use",
    type=click.Choice([one.value for one in Use]),
    default=Use.SIGN.value,
    show_default=True,
    help=_("Whether it signs, or opens what is encrypted to it; no key does both."),
)
@click.option("--common-name", default="", help=_("The name in the certificate; without it, the institution's."))
@KEY
@json_option
def add(name: str, authority: str, use: str, common_name: str, key: str | None, as_json: bool) -> None:
    """Makes it."""
    with changing() as (deployment, tx):
        above = authorities.by_name(tx.session, authority)
        made = keys.add(tx, office(deployment), name, above, Use(use), common_name, device=_reference(key))
        shown = record(tx.session, made, deployment.clock)
    print_record(shown, TITLES, as_json=as_json)


@command.command("list", help=_("Every key, and its state."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        rows = [record(session, one, deployment.clock) for one in keys.listed(session)]
    print_rows(rows, {name: TITLES[name] for name in ("key", "use", "state", "authority", "valid_until")}, as_json=as_json)


@command.command(help=_("Show a key, and write its certificate with those above it to a file."))
@click.argument("name")
@click.option("--out", type=FILE, help=_("Where the certificates are written (PEM), the key's own first, the root last."))
@json_option
def show(name: str, out: Path | None, as_json: bool) -> None:
    """Shows."""
    with opened() as deployment, deployment.reading() as session:
        found = keys.by_name(session, name)
        shown = record(session, found, deployment.clock)
        own = Certificate(keys.certificate_row(session, keys.current(session, found)).der)
        chain = [own, *authorities.chain_of(keys.authority_of(session, found))]
    if out is not None:
        write_file(out, "".join(one.to_pem() for one in chain))
    print_record(shown, TITLES, as_json=as_json)


@command.command(help=_("A new pair of keys and a new certificate under the same name. What was signed by the old one stays good."))
@click.argument("name")
@KEY
@click.option("--in-software", is_flag=True, help=_("Leave the device: the next key is made here, in the database."))
@json_option
def rotate(name: str, key: str | None, in_software: bool, as_json: bool) -> None:
    """Rotates."""
    with changing() as (deployment, tx):
        found = keys.by_name(tx.session, name)
        keys.rotate(tx, office(deployment), found, device=_reference(key), in_software=in_software)
        shown = record(tx.session, found, deployment.clock)
    print_record(shown, TITLES, as_json=as_json)


@command.command(help=_("Stop a key for a while: its certificate is on hold until it is released."))
@click.argument("name")
@json_option
def hold(name: str, as_json: bool) -> None:
    """Holds."""
    _change(name, as_json, keys.hold)


@command.command(help=_("End a hold: the key works again."))
@click.argument("name")
@json_option
def release(name: str, as_json: bool) -> None:
    """Releases."""
    _change(name, as_json, keys.release)


@command.command(help=_("Revoke the certificate of a key. It signs nothing more until it is rotated."))
@click.argument("name")
@click.option(
    "--reason",
    type=click.Choice([one.word for one in revocation.REASONS]),
    required=True,
    help=_("Why, in the words of RFC 5280."),
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help=_("Since when the key is suspected (UTC)."))
@yes_option
@json_option
def revoke(name: str, reason: str, since: datetime | None, yes: bool, as_json: bool) -> None:
    """Revokes."""
    confirm(_("Revoke the certificate of %(name)s for good?") % {"name": name}, yes)
    suspected = since.replace(tzinfo=UTC) if since is not None else None
    _change(name, as_json, lambda tx, found: keys.revoke(tx, found, Reason.of_word(reason), invalid_since=suspected))


@command.command(help=_("End a key for good: it neither signs nor opens anything any more."))
@click.argument("name")
@yes_option
@json_option
def retire(name: str, yes: bool, as_json: bool) -> None:
    """Retires."""
    confirm(_("End %(name)s for good?") % {"name": name}, yes)
    _change(name, as_json, keys.retire)


def _reference(key: str | None) -> KeyReference | None:
    return KeyReference.parse(key) if key is not None else None


def _change(name: str, as_json: bool, act: Callable[[Transaction, SigningKey], None]) -> None:
    with changing() as (deployment, tx):
        found = keys.by_name(tx.session, name)
        act(tx, found)
        shown = record(tx.session, found, deployment.clock)
    print_record(shown, TITLES, as_json=as_json)
