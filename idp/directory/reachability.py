"""Which servers did not answer a moment ago: they are left alone for a while, lest a dead directory hold every worker."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

LEFT_ALONE = timedelta(seconds=15)


class Reachability:
    """One process's memory of servers, by their address. Nothing depends on it but how long people wait."""

    def __init__(self) -> None:
        self._failed: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def worth_asking(self, servers: Sequence[str], now: datetime) -> list[str]:
        """Those that have not failed lately, in their order.

        One that failed is given to a single caller once its time is over: if it still hangs, one person waits and not everybody.
        """
        with self._lock:
            found = []
            for server in servers:
                failed = self._failed.get(server)
                if failed is None or failed <= now - LEFT_ALONE:
                    found.append(server)
                    if failed is not None:
                        self._failed[server] = now
            return found

    def failed(self, server: str, now: datetime) -> None:
        """Notes that this one did not answer."""
        with self._lock:
            self._failed[server] = now

    def answered(self, server: str) -> None:
        """Forgets what was noted."""
        with self._lock:
            self._failed.pop(server, None)
