"""The master key in its file, which only the operator can read, or in the environment."""

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from idp.crypto import sm3
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.wrapping import is_wrapped, reference_in
from idp.keys.errors import MasterKeyExists, MasterKeyMissing, MasterKeyNotOpened, MasterKeyUnsafe
from idp.keys.master import in_device
from idp.settings import Settings

FILE_NAME = "master.key"
NEXT_NAME = "master.key.next"  # while it changes: the one that takes its place
OLD_NAME = "master.key.old-"  # and the name of the one before
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class MasterKey:
    """The secret, and the ``name`` that sealed keys know it by: ``m`` and twelve hexadecimal digits, which tell nothing of it."""

    secret: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Stands in every key that is sealed under it."""
        return "m" + sm3.hmac(self.secret, b"yima master key name 1").hex()[:12]

    @property
    def wrap(self) -> bytes:
        """The SM4 key that seals."""
        return sm3.kdf(b"yima master key wrap 1" + self.secret, 16)


def create(settings: Settings) -> Path | None:
    """Makes the master key's file unless there is a master key already; returns the file it made.

    The file is complete or absent, and readable by its owner only.
    """
    path = settings.home / FILE_NAME
    if settings.master_key is not None or path.exists():
        return None
    return path if write_new(path, MasterKey(secrets.token_bytes(SECRET_BYTES))) else None


def write_new(path: Path, key: MasterKey, wrapped: str | None = None) -> bool:
    """Writes ``key`` to a file that is complete or absent; tells whether there was none. Never replaces one.

    ``wrapped``: as a device alone opens it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = _partial(path, wrapped or key.secret.hex())
    try:
        os.link(partial, path)  # unlike a rename, does not replace what another process has just made
    except FileExistsError:
        return False
    finally:
        partial.unlink()
    sync_folder(path.parent)
    return True


def replace(path: Path, key: MasterKey, wrapped: str | None = None) -> None:
    """Puts another form of the same key in the file's place; one or the other is there at every moment."""
    _partial(path, wrapped or key.secret.hex()).replace(path)
    sync_folder(path.parent)


def restore(path: Path, key: MasterKey) -> None:
    """Writes a master key that people have brought back. Raises :class:`MasterKeyExists` where there is a file already."""
    if not write_new(path, key):
        raise MasterKeyExists(path=path)


def in_use(settings: Settings) -> MasterKey:
    """The master key that the settings name. Raises :class:`MasterKeyMissing` or :class:`MasterKeyUnsafe`; of one that a device
    opens :class:`MasterKeyNotOpened` or a ``DeviceError``.
    """
    path = settings.home / FILE_NAME
    if settings.master_key is not None:
        return _parsed(settings.master_key.get_secret_value(), path, settings)
    found = read(path, settings)
    if found is None:
        raise MasterKeyMissing(path=path)
    return found


def read(path: Path, settings: Settings | None = None) -> MasterKey | None:
    """The key in a file, nothing where there is none. Raises as :func:`in_use` does. Without ``settings`` no device is asked."""
    text = _text(path)
    return _parsed(text, path, settings) if text is not None else None


def place(settings: Settings) -> KeyReference | None:
    """The key of a device that opens the file of the master key; nothing where the file holds the key itself."""
    text = _text(settings.home / FILE_NAME) if settings.master_key is None else None
    return reference_in(text) if text is not None and is_wrapped(text) else None


def _text(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise MasterKeyMissing(path=path) from None
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise MasterKeyUnsafe(path=path)
    return text


def _partial(path: Path, text: str) -> Path:
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:  # a full disk, for example
        partial.unlink()
        raise
    return partial


def sync_folder(folder: Path) -> None:
    """Has the folder's entries outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parsed(text: str, path: Path, settings: Settings | None) -> MasterKey:
    if is_wrapped(text):
        if settings is None:
            raise MasterKeyNotOpened
        return MasterKey(in_device.opened(text, settings))
    try:
        return MasterKey(bytes.fromhex(text))
    except ValueError:
        raise MasterKeyMissing(path=path) from None
