"""What a process holds of the master key: the one in use, and while it changes the one before and the one after.

Which of them it is says the database: every row of the ring names the master key that sealed it, and one transaction changes
them all.
"""

import logging
import os
from contextlib import suppress

from idp.crypto.envelope import Envelope
from idp.keys.errors import MasterKeyMissing, MasterKeyUnsafe, MasterKeyWrong
from idp.keys.master import files
from idp.keys.master.files import FILE_NAME, NEXT_NAME, OLD_NAME, MasterKey
from idp.settings import Settings

log = logging.getLogger("yima.keys")


class HeldMaster:
    """Safe to share between threads: what it holds is replaced as a whole."""

    def __init__(self, settings: Settings) -> None:
        """Raises :class:`MasterKeyMissing` or :class:`MasterKeyUnsafe`."""
        self._settings = settings
        self._named = files.in_use(settings)
        self._all: dict[str, MasterKey] = {}
        self._read()

    @property
    def named(self) -> MasterKey:
        """The one that the settings name, where nothing is known of the database."""
        return self._named

    def envelope(self, sealed: str | None = None) -> Envelope:
        """The envelope of the master key that sealed ``sealed``; without, of the one that the settings name.

        One that has come into the data folder since is found. Raises :class:`MasterKeyWrong` where it is not there.
        """
        name = sealed.split(".")[1] if sealed and sealed.count(".") == 3 else self._named.name
        if name not in self._all:
            with suppress(MasterKeyMissing, MasterKeyUnsafe):
                self._read()
        if name not in self._all:
            raise MasterKeyWrong(detail=f"sealed under {name[:16]}, and {', '.join(self._all)} is here")
        if name != self._named.name:
            self._settle(name)
        return Envelope({each.name: each.wrap for each in self._all.values()}, name)

    def _read(self) -> None:
        named = files.in_use(self._settings)
        waiting = files.read(self._settings.home / NEXT_NAME, self._settings)
        self._all = {key.name: key for key in (named, waiting) if key is not None}
        self._named = named

    def _settle(self, name: str) -> None:
        """Finishes a change whose transaction is done: the new key's file takes the place of the old one's, which stays beside it.

        Any number of processes may do it at once, or be killed within: there is a complete ``master.key`` at every moment.
        """
        if self._settings.master_key is not None:
            return  # the operator puts the new one where the old one came from; until then it is found beside it
        home = self._settings.home
        before = files.read(home / FILE_NAME, self._settings)
        if before is None or before.name == name:
            return
        try:
            with suppress(FileExistsError):
                os.link(home / FILE_NAME, home / f"{OLD_NAME}{before.name}")
            with suppress(FileNotFoundError):  # somebody else was quicker
                (home / NEXT_NAME).replace(home / FILE_NAME)
            files.sync_folder(home)
        except OSError as error:
            log.warning("the new master key cannot take its place in %s: %s", home, error.strerror)
            return
        with suppress(MasterKeyMissing, MasterKeyUnsafe):
            self._read()
