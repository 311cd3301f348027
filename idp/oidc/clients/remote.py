"""Documents that an app keeps at an address of its own: keys, sector identifiers. Fetched when needed, kept for minutes."""

import threading
import time
from collections.abc import Iterable
from typing import Any

from idp.apps.errors import InvalidRegistration
from idp.crypto.errors import CryptoError, InvalidKey
from idp.crypto.jose.strict_json import read_object, read_strings
from idp.i18n import N_
from idp.outgoing import FetchFailed, Outgoing

KEPT_SECONDS = 300.0
AGAIN_SECONDS = 10.0
MAX_KEPT = 1000


class RemoteKeys:
    """The key sets behind ``jwks_uri``, each kept for five minutes: an app may rotate its keys whenever it likes."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def get(self, uri: str, *, again: bool = False) -> dict[str, Any]:
        """The document. ``again`` asks for newer ones, which is done every ten seconds at most: a stranger's token can cause it.

        Raises :class:`idp.crypto.errors.InvalidKey` where there are none. Never called while a transaction is open.
        """
        kept = self._kept.get(uri)
        if kept is not None and time.monotonic() - kept[0] < (AGAIN_SECONDS if again else KEPT_SECONDS):
            return kept[1]
        try:
            answer = self._outgoing.get(uri)
        except FetchFailed as error:
            raise InvalidKey(detail=f"jwks_uri: {error.detail}") from None
        if answer.status != 200:
            raise InvalidKey(detail=f"jwks_uri: status {answer.status}")
        document = read_object(answer.body)
        with self._lock:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[uri] = (time.monotonic(), document)
        return document


def check_sector_identifier(outgoing: Outgoing, uri: str, needed: Iterable[str]) -> None:
    """OpenID Connect Core 1.0 §8.1: an array of strings that holds every redirect URI. Raises :class:`InvalidRegistration`."""
    field = "sector_identifier_uri"
    try:
        answer = outgoing.get(uri)
        listed = read_strings(answer.body) if answer.status == 200 else []
    except (FetchFailed, CryptoError) as error:
        raise InvalidRegistration(reason=N_("there is no list of addresses at it"), field=field, detail=error.detail) from None
    if not set(needed) <= set(listed):
        raise InvalidRegistration(reason=N_("its list does not hold every redirect URI"), field=field)
