"""The master key: 32 random bytes, in a file only the operator can read or in the environment."""

import os
import secrets
import stat
from pathlib import Path

from idp.crypto import sm3
from idp.crypto.envelope import Envelope
from idp.keys.errors import MasterKeyMissing, MasterKeyUnsafe
from idp.settings import Settings

FILE_NAME = "master.key"


def create(settings: Settings) -> Path | None:
    """Makes the master key's file unless there is a master key already; returns the file it made.

    The file is complete or absent, and readable by its owner only.
    """
    path = settings.home / FILE_NAME
    if settings.master_key is not None or path.exists():
        return None
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(f".{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)  # unlike a rename, does not replace what another process has just made
    except FileExistsError:
        return None
    finally:
        partial.unlink()
    return path


def load(settings: Settings) -> Envelope:
    """The envelope that seals every other key.

    Raises :class:`MasterKeyMissing` or :class:`MasterKeyUnsafe`.
    """
    if settings.master_key is not None:
        text = settings.master_key.get_secret_value()
    else:
        path = settings.home / FILE_NAME
        try:
            text = path.read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            raise MasterKeyMissing(path=path) from None
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise MasterKeyUnsafe(path=path)
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        raise MasterKeyMissing(path=settings.home / FILE_NAME) from None
    wrap = sm3.kdf(b"yima master key wrap 1" + secret, 16)
    name = "m" + sm3.hmac(secret, b"yima master key name 1").hex()[:12]
    return Envelope({name: wrap}, name)
