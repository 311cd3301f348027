"""How many signatures strangers may cause in a minute, counted for each network in the memory of this process.

What is protected is the processor time of this very process; a count in the database would cost more than the signature.
"""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from idp.sms.limits import networks

MINUTE = timedelta(minutes=1)
_REMEMBERED = 10_000


class Allowance:
    """``per_minute`` for each network: an IPv4 address, of IPv6 a /64, which is one household or one server."""

    def __init__(self, per_minute: int, *, remembered: int = _REMEMBERED) -> None:
        """Of ``remembered`` networks at most, so that many addresses cost no memory; the one that began first is forgotten."""
        self._per_minute = per_minute
        self._remembered = remembered
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, address: str | None, now: datetime) -> bool:
        """Takes one, of the minute that began with the first; whether there was one left. Without an address there always is."""
        if address is None:
            return True
        network = _network(address)
        with self._lock:
            ends, count = self._counts.get(network, (now, 0))
            if now >= ends:
                self._counts.pop(network, None)
                ends, count = now + MINUTE, 0
            if count >= self._per_minute:
                return False
            self._counts[network] = ends, count + 1
            if len(self._counts) > self._remembered:
                self._counts.popitem(last=False)
            return True


def _network(address: str) -> str:
    try:
        return networks(address)[0]
    except ValueError:  # what a proxy wrote that is no address: all of these together
        return ""
