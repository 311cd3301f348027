"""``yima crl``: lists of revoked certificates."""

import gettext
from pathlib import Path
from typing import Any

import click

from cli.ca.record import FileNotReadable, office, read_list, write_file
from cli.frame import changing, json_option, opened
from cli.output import print_record, print_rows
from idp.certification import authorities
from idp.certification.status import hosting, lists
from idp.certification.tables import PublishedList
from idp.crypto.errors import CryptoError
from idp.crypto.x509.crl import RevocationList

_ = gettext.gettext

TITLES = {
    "authority": _("Authority"),
    "number": _("Number"),
    "entries": _("Revoked"),
    "this_update": _("Published"),
    "next_update": _("Good until"),
}
HOSTED_TITLES = {key: TITLES[key] for key in ("authority", "number", "entries", "next_update")}
OUT = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help=_("Where the list is written too (DER)."))


@click.group(name="crl", help=_("Lists of revoked certificates: publish, show, take over from an authority without a network."))
def command() -> None:
    """The group."""


@command.command(help=_("Publish the lists of an authority now. The server does so by itself every day and after a revocation."))
@click.argument("authority")
@OUT
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help=_("Where every list is written too, also those of parts: what is carried from a machine without a network."),
)
@json_option
def publish(authority: str, out: Path | None, folder: Path | None, as_json: bool) -> None:
    """Publishes."""
    with changing() as (deployment, tx):
        own = authorities.by_name(tx.session, authority)
        row = lists.publish(tx, office(deployment), own)
        shown, der = _record(authority, row), row.der
        files = {_file_name(authority, one.shard): one.der for one in lists.all_newest(tx.session, own)}
    if folder is not None:
        for name, content in files.items():
            write_file(folder / name, content)
    _finish(shown, der, out, as_json)


@command.command(help=_("Show the newest list of an authority."))
@click.argument("authority")
@OUT
@json_option
def show(authority: str, out: Path | None, as_json: bool) -> None:
    """Shows it."""
    with opened() as deployment, deployment.reading() as session:
        row = lists.newest(session, authorities.by_name(session, authority))
        shown, der = _record(authority, row), row.der
    _finish(shown, der, out, as_json)


@command.command(help=_("Serve lists of an authority whose machine has no network, in place of older ones: see `yima ca host`."))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@json_option
def take(files: tuple[Path, ...], as_json: bool) -> None:
    """Takes them all, or none."""
    given = [read_list(file) for file in files]
    with changing() as (_deployment, tx):
        taken = [hosting.take(tx, one) for one in given]
        shown = [
            {
                "authority": row.name,
                "file": _file_name(row.name, row.shard),
                "number": row.number,
                "entries": row.entries,
                "next_update": row.next_update.isoformat(),
            }
            for row in taken
        ]
    print_rows(shown, HOSTED_TITLES, as_json=as_json)


def _file_name(authority: str, shard: int) -> str:
    """As its address ends."""
    return f"{authority}.crl" if shard == lists.ALL else f"{authority}-{shard}.crl"


def _record(authority: str, row: PublishedList) -> dict[str, Any]:
    found = RevocationList(row.der).contents
    revoked = [
        {"serial": f"{entry.serial_number:x}", "revoked_at": entry.revoked_at.isoformat(), "reason": entry.reason.word}
        for entry in found.entries
    ]
    return {
        "authority": authority,
        "number": row.number,
        "entries": row.entries,
        "this_update": row.this_update.isoformat(),
        "next_update": row.next_update.isoformat(),
        "revoked": revoked,
    }


def _check_follows(der: bytes, out: Path) -> None:
    """A list never takes the place of a newer one of the same authority. Raises ``InvalidRevocationList``."""
    try:
        before = read_list(out)
    except (CryptoError, FileNotReadable):  # no file yet, or no list
        return
    RevocationList(der).check_follows(before)


def _finish(shown: dict[str, Any], der: bytes, out: Path | None, as_json: bool) -> None:
    if out is not None:
        _check_follows(der, out)
        write_file(out, der)
    print_record(shown, TITLES, as_json=as_json)
    if not as_json:
        for entry in shown["revoked"]:
            click.echo(f"  {entry['serial']}  {entry['revoked_at']}  {entry['reason']}")
