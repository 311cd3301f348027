"""Changing the master key: a new one beside the old, every key sealed anew in one transaction, then the files change places.

Killed before the transaction's end, nothing has happened; killed after it, the next start finishes. A server that runs goes on: it
finds the new key in the data folder, or keeps the keys it has read until it is given the new one.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from idp.audit import Action, Transaction
from idp.crypto.devices.reference import KeyReference
from idp.crypto.envelope import Envelope
from idp.database.migration import wait_for_other_starts
from idp.keys.errors import MasterKeyChanged, MasterKeyElsewhere
from idp.keys.master import files, in_device
from idp.keys.master.files import FILE_NAME, NEXT_NAME, OLD_NAME, SECRET_BYTES, MasterKey
from idp.keys.sealing import sealed_anew
from idp.keys.tables import Key
from idp.settings import Settings


@dataclass(frozen=True, slots=True)
class Changed:
    """What was done: the master key's names, and how many keys were sealed anew."""

    before: str
    after: str
    keys: int


def prepare(settings: Settings, in_use: str) -> MasterKey:
    """The key that is to take the place of ``in_use``: the one that a change which was interrupted has left, or a new one."""
    path = settings.home / NEXT_NAME
    waiting = files.read(path, settings)
    if waiting is not None and waiting.name == in_use:  # it has taken its place already, in the operator's environment
        path.unlink(missing_ok=True)
        waiting = None
    if waiting is None:
        fresh, device_key = MasterKey(secrets.token_bytes(SECRET_BYTES)), files.place(settings)
        files.write_new(path, fresh, in_device.wrapped(fresh.secret, device_key, settings) if device_key is not None else None)
        waiting = files.read(path, settings)
    if waiting is None:
        raise MasterKeyChanged
    return waiting


def change(tx: Transaction, master: Envelope, after: MasterKey) -> Changed:
    """Seals every key under ``after``. Raises :class:`MasterKeyChanged` where another process has changed it since it was read."""
    wait_for_other_starts(tx.session.connection())
    tx.serialise()
    rows = tx.session.scalars(select(Key).order_by(Key.kid).with_for_update().execution_options(populate_existing=True)).all()
    if any(master.needs_reseal(row.sealed) for row in rows):
        raise MasterKeyChanged
    new = Envelope({after.name: after.wrap}, after.name)
    for row in rows:
        row.sealed = sealed_anew(master, new, row)
    tx.session.flush()
    done = Changed(master.current, after.name, len(rows))
    detail = {"before": done.before, "after": done.after, "keys": done.keys}
    tx.record(Action.MASTER_CHANGED, subject="keys:master", detail=detail)
    return done


def put_aside(settings: Settings) -> list[Path]:
    """The files of master keys that were in use before."""
    return sorted(settings.home.glob(f"{OLD_NAME}*"))


def confirm(settings: Settings, in_use: str) -> list[Path]:
    """Removes what a change has left, once the new key is known to be safe elsewhere; returns the files.

    ``in_use`` is the name of the master key that the database is sealed under and that the settings name.
    """
    gone = put_aside(settings)
    waiting = files.read(settings.home / NEXT_NAME, settings)
    if waiting is not None and waiting.name == in_use:
        gone.append(settings.home / NEXT_NAME)
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def wrap(tx: Transaction, settings: Settings, device_key: KeyReference | None) -> MasterKey:
    """Has the master key's file hold what a device alone opens; without ``device_key`` the key itself again. The key stays.

    Raises :class:`MasterKeyElsewhere` where it is not in a file, :class:`MasterKeyChanged` while it changes, or a ``DeviceError``.
    """
    if settings.master_key is not None:
        raise MasterKeyElsewhere
    if (settings.home / NEXT_NAME).exists():
        raise MasterKeyChanged
    tx.serialise()
    key = files.in_use(settings)
    text = in_device.wrapped(key.secret, device_key, settings) if device_key is not None else None
    detail = {"name": key.name, "device": str(device_key) if device_key is not None else None}
    tx.record(Action.MASTER_WRAPPED, subject="keys:master", detail=detail)
    files.replace(settings.home / FILE_NAME, key, text)
    return key
