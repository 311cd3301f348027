"""``yima cert export``: what a TLS server reads, from the files that were handed out, without an installation."""

import gettext
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.ca.record import FileNotReadable, read_certificates, read_file, write_file, write_private_file
from cli.cert.group import command
from cli.frame import json_option
from cli.output import print_json
from idp.certification.fronts import Front, Half, front_files
from idp.crypto.key_files import enveloped_key, read_private_key
from idp.i18n import N_

_ = gettext.gettext

FILE = click.Path(path_type=Path, dir_okay=False)


@command.command(
    help=_(
        "Write a server's certificates and keys as the program that speaks TLS reads them, and print what to paste. "
        "Beside FILE lie the two files that `issue --pair` wrote."
    )
)
@click.argument("file", type=FILE)
@click.option("--for", "front", type=click.Choice([one.value for one in Front]), required=True, help=_("The program."))
@click.option("--key", type=FILE, required=True, help=_("The file of the signing key."))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help=_("A new folder."))
@click.option("--password-file", type=FILE, help=_("A file with the password of the key in it; asked for if left out."))
@json_option
def export(file: Path, front: str, key: Path, out: Path, password_file: Path | None, as_json: bool) -> None:
    """Exports."""
    if password_file is not None:
        password = read_file(password_file).rstrip(b"\r\n")
    else:
        password = click.prompt(_("Password of the key file"), hide_input=True, err=True).encode()
    signing = Half(read_certificates(file), read_private_key(read_file(key), password))
    second, encryption = file.with_suffix(".enc.pem"), None
    if second.exists():
        envelope = enveloped_key.from_pem(read_file(file.with_suffix(".enc.envelope")))
        encryption = Half(read_certificates(second), enveloped_key.open_enveloped(envelope, signing.key))
    made = front_files(Front(front), signing, encryption, datetime.now(UTC), password)
    _new_folder(out)
    for name, text in made.public.items():
        write_file(out / name, text)
    for name, text in made.private.items():
        write_private_file(out / name, text)
    directives = made.directives.format(folder=out.resolve())
    if as_json:
        print_json({"folder": str(out), "files": [*made.public, *made.private], "directives": directives})
        return
    click.echo(_("Written to %(folder)s. Keys can be read by their owner only. Paste this:") % {"folder": out})
    click.echo(directives, nl=False)


def _new_folder(path: Path) -> None:
    """Raises ``FileNotReadable`` for one that exists: what a server reads is never half old and half new."""
    try:
        path.mkdir(mode=0o700, parents=True)
    except OSError:
        raise FileNotReadable(N_("The folder %(path)s exists already, or cannot be made."), path=path) from None
