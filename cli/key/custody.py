"""``yima key split`` and ``combine``: the master key in the hands of several people."""

import gettext
from collections.abc import Mapping
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from cli.ca.record import FileNotReadable, read_certificates, read_file, write_private_file
from cli.frame import changing, json_option
from cli.key.group import command
from cli.output import print_record, print_rows
from idp.crypto import sm2
from idp.crypto.key_files import read_private_key
from idp.database import Database
from idp.i18n import N_
from idp.keys import custodians as custody
from idp.keys.custodians import share as shares_of
from idp.keys.custodians import splitting
from idp.keys.custodians.share import PASSPHRASE, Share, ShareText
from idp.keys.custodians.splitting import Custodian
from idp.keys.errors import MasterKeyExists, MasterKeyOfAnotherTime, ShareTwice
from idp.keys.master import files
from idp.keys.tables import Key
from idp.settings import Settings, load

_ = gettext.gettext

FILE = click.Path(path_type=Path, dir_okay=False)
SPLIT = {
    "index": _("Share"),
    "custodian": _("Custodian"),
    "opens_with": _("Opens with"),
    "file": _("File"),
    "fingerprint": _("SM3 fingerprint"),
}
COMBINED = {"master": _("Master key"), "set": _("Set"), "custodians": _("Custodians"), "proof": _("Proof"), "file": _("File")}


@command.command(
    help=_(
        "Split the master key among custodians: any THRESHOLD of them restore it, fewer learn nothing. Each share is a text to "
        "print, under the custodian's own passphrase or to their SM2 certificate."
    )
)
@click.option("--shares", type=click.IntRange(2, 255), help=_("How many custodians; without it, as many as are named."))
@click.option("--threshold", type=click.IntRange(2, 255), required=True, help=_("How many of them are needed."))
@click.option("--custodian", "names", multiple=True, help=_("A custodian's name; once for each. Asked for if left out."))
@click.option("--certificate", "certificates", multiple=True, help=_("NAME=FILE: seal that custodian's share to this certificate."))
@click.option("--passphrase-file", "passphrases", multiple=True, help=_("NAME=FILE: read that custodian's passphrase from there."))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True, help=_("The folder for them."))
@json_option
def split(
    shares: int | None,
    threshold: int,
    names: tuple[str, ...],
    certificates: tuple[str, ...],
    passphrases: tuple[str, ...],
    out: Path,
    as_json: bool,
) -> None:
    """Splits."""
    asked = [str(click.prompt(_("Name of custodian %(n)s") % {"n": n}, err=True)) for n in range(len(names) + 1, (shares or 0) + 1)]
    names = (*names, *asked)
    if shares is not None and shares != len(names):
        raise click.UsageError(_("There are more names than shares."))
    splitting.check_custodians(names, threshold)
    sealed_to, typed = _by_name(certificates, names), _by_name(passphrases, names)
    people = [_custodian(name, sealed_to.get(name), typed.get(name)) for name in names]
    written: list[Path] = []
    try:
        with changing() as (deployment, tx):
            deployment.ring.newest()
            texts = custody.split(tx, files.in_use(deployment.settings), people, threshold)
            for text in texts:
                path = out / f"share-{text.set_id}-{text.index}.txt"
                write_private_file(path, str(text))
                written.append(path)
    except BaseException:
        for path in written:  # shares that the journal knows nothing of
            path.unlink(missing_ok=True)
        raise
    rows = [
        {
            "index": text.index,
            "custodian": text.custodian,
            "opens_with": text.opens_with,
            "file": str(path),
            "fingerprint": text.fingerprint,
            "set": text.set_id,
            "threshold": text.threshold,
            "master": text.master,
        }
        for text, path in zip(texts, written, strict=True)
    ]
    print_rows(rows, SPLIT, as_json=as_json)
    if not as_json:
        click.echo(
            _("Print each, hand it over, have it opened once by `yima key combine --check`, and delete the files."), err=True
        )


@command.command(
    help=_(
        "Restore the master key from shares. What comes out is proven before it is written, and no file is ever replaced. "
        "With --check nothing is written."
    )
)
@click.argument("share_files", metavar="SHARE...", nargs=-1, required=True, type=FILE)
@click.option("--key", "key_files", multiple=True, type=FILE, help=_("A custodian's SM2 key, where a share is sealed to one."))
@click.option("--passphrase-file", "passphrases", multiple=True, help=_("NAME=FILE: read that custodian's passphrase from there."))
@click.option(
    "--out", type=FILE, help=_("Where it is written, on a memory disk for example; without it, where the server reads it.")
)
@click.option(
    "--check", "only_check", is_flag=True, help=_("Only see whether they restore it; of a single share, whether it opens.")
)
@json_option
def combine(
    share_files: tuple[Path, ...],
    key_files: tuple[Path, ...],
    passphrases: tuple[str, ...],
    out: Path | None,
    only_check: bool,
    as_json: bool,
) -> None:
    """Combines."""
    settings = load()
    target = out or settings.home / files.FILE_NAME
    if not only_check and target.exists():
        raise MasterKeyExists(path=target)
    if twice := {str(path) for path in share_files if share_files.count(path) > 1}:
        raise ShareTwice(files=", ".join(sorted(twice)))
    texts = {str(path): shares_of.read(read_file(path), source=str(path)) for path in share_files}
    alone = only_check and len(texts) == 1
    if not alone:
        splitting.check_set(texts)
    typed = _by_name(passphrases, [text.custodian for text in texts.values()])
    keys = [_private_key(path) for path in key_files] if any(t.opens_with != PASSPHRASE for t in texts.values()) else []
    opened = [_opened(text, source, typed, keys) for source, text in texts.items()]
    shown = {"master": opened[0].master, "set": opened[0].set_id, "custodians": [text.custodian for text in texts.values()]}
    if alone:
        print_record(shown | {"proof": _("the share opens"), "file": None}, COMBINED, as_json=as_json)
        return
    master = custody.combine(opened)
    sealed_under = _sealed_under(settings)
    if sealed_under not in (None, master.name) and out is None and not only_check:
        raise MasterKeyOfAnotherTime(shares=master.name, database=sealed_under)
    if not only_check:
        files.restore(target, master)
    proof = {None: _("its name; no database answers"), master.name: _("its name, and the database")}
    told = proof.get(sealed_under, _("its name; the database is sealed under %(name)s") % {"name": sealed_under})
    print_record(shown | {"proof": told, "file": None if only_check else str(target)}, COMBINED, as_json=as_json)


def _by_name(given: tuple[str, ...], names: tuple[str, ...] | list[str]) -> dict[str, Path]:
    pairs = dict(one.rpartition("=")[::2] for one in given)
    if unknown := set(pairs) - set(names):
        raise click.UsageError(_("No custodian is called %(name)s.") % {"name": ", ".join(sorted(unknown))})
    return {name: Path(path) for name, path in pairs.items()}


def _custodian(name: str, certificate: Path | None, passphrase_file: Path | None) -> Custodian:
    if certificate is not None:
        return Custodian(name, key=read_certificates(certificate)[0].public_key)
    if passphrase_file is not None:
        passphrase = _text(passphrase_file)
    else:
        label = _("Passphrase of %(name)s") % {"name": name}
        passphrase = str(click.prompt(label, hide_input=True, confirmation_prompt=True, err=True))
    splitting.check_passphrase(passphrase)
    return Custodian(name, passphrase)


def _opened(text: ShareText, source: str, typed: Mapping[str, Path], keys: list[sm2.PrivateKey]) -> Share:
    if text.opens_with != PASSPHRASE:
        fitting = next((key for key in keys if shares_of.key_name(key.public_key) == text.opens_with), None)
        return text.open(key=fitting, source=source)
    if text.custodian in typed:
        return text.open(_text(typed[text.custodian]), source=source)
    label = _("Passphrase of %(name)s") % {"name": text.custodian}
    return text.open(str(click.prompt(label, hide_input=True, err=True)), source=source)


def _private_key(path: Path) -> sm2.PrivateKey:
    data = read_file(path)
    if b"ENCRYPTED" not in data:
        return read_private_key(data)
    label = _("Password of the key file %(path)s") % {"path": path}
    return read_private_key(data, str(click.prompt(label, hide_input=True, err=True)).encode())


def _text(path: Path) -> str:
    try:
        return read_file(path).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise FileNotReadable(N_("The file %(path)s is no text."), path=path) from None


def _sealed_under(settings: Settings) -> str | None:
    """The name of the master key that the database is sealed under, where one answers."""
    database = Database(settings.database)
    try:
        with database.read() as session:
            sealed = session.scalar(select(Key.sealed).limit(1))
    except SQLAlchemyError:
        return None
    finally:
        database.close()
    return sealed.split(".")[1] if sealed else None
