"""A device as the rest of the house sees it: keys by their index, errors that say what to do.

A lost device is opened again and the work tried anew, three times at most. A signature that was made and got lost on the way harms
nobody: each has a nonce of its own. A password is another matter: keys lock themselves after a few wrong ones, so one that was
refused is never tried again by this process.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from idp.crypto import sm2, sm3
from idp.crypto.devices.errors import (
    DeviceAccessDenied,
    DeviceAway,
    DeviceError,
    DeviceRefused,
    DeviceUntrusted,
    NoSuchDeviceKey,
)
from idp.crypto.devices.pool import DeviceConfiguration, NoAnswer, Pool
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.results import Result, is_makers_own, meaning, says_lost, shown
from idp.crypto.devices.session import CallFailed, Session
from idp.crypto.devices.structures import (
    DeviceInfo,
    DeviceInformation,
    ECCrefPublicKey,
    ECCSignature,
    OtherLayout,
    information_of,
    public_key_of,
    signature_of,
)
from idp.crypto.errors import InvalidKey
from idp.i18n import N_

_T = TypeVar("_T")
ATTEMPTS = 3

OTHER_LAYOUT = N_("its numbers do not stand where GM/T 0018 puts them (fields of 64 bytes); is its library older than that?")


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as the device gave it, r‖s. ``opening`` tells the openings of the device apart, in this process and others."""

    signature: bytes
    opening: tuple[int, int]


@dataclass
class _Reach:
    """A device in one process."""

    pool: Pool
    # By index: the digest of a password that was refused. One asks at a time, or eight threads would use up eight tries.
    refused: dict[int, bytes] = field(default_factory=dict)
    asking: threading.Lock = field(default_factory=threading.Lock)


class Device:
    """One device. Safe to share between threads, and to take through a fork: a child opens it anew."""

    def __init__(self, configuration: DeviceConfiguration) -> None:
        self._configuration = configuration
        self._by_process: dict[int, _Reach] = {}

    @property
    def label(self) -> str:
        """What the settings call it."""
        return self._configuration.label

    def information(self) -> DeviceInformation:
        """What it says of itself. Raises a :class:`DeviceError`."""

        def ask(session: Session) -> DeviceInformation:
            given = DeviceInfo()
            session.call("SDF_GetDeviceInfo", ctypes.byref(given))
            return information_of(given)

        return self.run(ask)[0]

    def public_key(self, index: int) -> sm2.PublicKey:
        """The public half of the signing key at ``index``, known to be on the curve. Raises a :class:`DeviceError`."""

        def ask(session: Session) -> ECCrefPublicKey:
            given = ECCrefPublicKey()
            session.call("SDF_ExportSignPublicKey_ECC", index, ctypes.byref(given))
            return given

        given = self.run(ask, index)[0]
        try:
            return public_key_of(given)
        except OtherLayout:
            raise DeviceUntrusted(key=self._key(index), reason=OTHER_LAYOUT) from None
        except InvalidKey:
            raise DeviceUntrusted(key=self._key(index), reason=N_("its public key is not a point of the SM2 curve")) from None

    def sign(self, index: int, digest: bytes) -> Signed:
        """Signs SM3(Z ‖ message), 32 bytes, with the key at ``index``. Nobody has verified it yet.

        Raises a :class:`DeviceError`.
        """

        def ask(session: Session) -> ECCSignature:
            self.grant(session, index)
            given = ECCSignature()
            session.call("SDF_InternalSign_ECC", index, digest, len(digest), ctypes.byref(given))
            return given

        given, opening = self.run(ask, index)
        try:
            return Signed(signature_of(given), opening)
        except OtherLayout:
            raise DeviceUntrusted(key=self._key(index), reason=OTHER_LAYOUT) from None

    def run(self, work: Callable[[Session], _T], index: int = 0) -> tuple[_T, tuple[int, int]]:
        """What ``work`` gives in some session, again where the device was lost, and which opening of it that was.

        ``index`` is of the key that errors are about. Raises a :class:`DeviceError`, and whatever ``work`` raises.
        """
        reach = self._reach()
        failed: CallFailed | None = None
        for _attempt in range(ATTEMPTS):
            try:
                value, number = reach.pool.run(work)
            except NoAnswer:
                raise DeviceAway(device=self.label, reason=N_("no answer in time"), result="-") from None
            except CallFailed as one:
                failed = one
                if not _another_may_work(one):
                    break
            else:
                return value, (os.getpid(), number)
        assert failed is not None  # noqa: S101 - every other way out has been taken
        raise self._meant(failed, index) from None

    def grant(self, session: Session, index: int) -> None:
        """Has the right to use the private key at ``index`` in a session; for what :meth:`run` runs.

        Raises :class:`DeviceAccessDenied`, and what the password's source raises.
        """
        if index in session.granted:
            return
        password = self._configuration.password(index)
        if password is None:
            return
        reach = self._reach()
        known = sm3.digest(password)
        with reach.asking:
            if reach.refused.get(index) == known:
                raise DeviceAccessDenied(key=self._key(index), result=N_("not tried again"))
            try:
                session.grant(index, password)
            except CallFailed as failed:
                if not _is_refusal(session, failed):
                    raise
                reach.refused[index] = known
                raise DeviceAccessDenied(key=self._key(index), result=shown(failed.result)) from None

    def close(self) -> None:
        """Closes what this process has opened."""
        reach = self._by_process.pop(os.getpid(), None)
        if reach is not None:
            reach.pool.close()

    def _reach(self) -> _Reach:
        # Handles and threads do not survive a fork, and the parent's are not ours to close. Two threads may come first: one wins.
        process = os.getpid()
        found = self._by_process.get(process)
        if found is None:
            found = self._by_process.setdefault(process, _Reach(Pool(self._configuration)))
            for other in set(self._by_process) - {process}:
                self._by_process.pop(other, None)
        return found

    def _key(self, index: int) -> str:
        return str(KeyReference(self.label, index))

    def _meant(self, failed: CallFailed, index: int) -> DeviceError:
        if failed.result == Result.SDR_KEYNOTEXIST:
            return NoSuchDeviceKey(key=self._key(index))
        if failed.result == Result.SDR_PARDENY:
            return DeviceAccessDenied(key=self._key(index), result=shown(failed.result))
        if failed.function == "SDF_OpenDevice" or (says_lost(failed.result) and not is_makers_own(failed.result)):
            return DeviceAway(device=self.label, reason=meaning(failed.result), result=shown(failed.result))
        return DeviceRefused(self.label, failed.function, failed.result)


def _is_refusal(session: Session, failed: CallFailed) -> bool:
    if failed.result == Result.SDR_KEYNOTEXIST:
        return False
    if is_makers_own(failed.result):
        # A wrong password, or a broken connection? Makers have codes of their own for both: what else works tells.
        session.call("SDF_GetDeviceInfo", ctypes.byref(DeviceInfo()))
        return True
    return not says_lost(failed.result)


def _another_may_work(failed: CallFailed) -> bool:
    if failed.function == "SDF_OpenDevice":  # the pool knows when to ask again
        return False
    # A device that was started anew has forgotten who has which right.
    return says_lost(failed.result) or failed.result == Result.SDR_PARDENY or failed.function == "SDF_OpenSession"
