"""The service provider: the deployment, what a departure sets off, and how much a token may ask."""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

from idp.audit import Actor
from idp.deployment import Deployment
from idp.mfa import limits
from idp.roster import adoption, tokens
from idp.roster.departure import Departures
from idp.roster.members import Roster
from idp.roster.scim.errors import TooMany
from idp.roster.scim.reach import Reach
from idp.roster.tokens import Right

PREFIX = "/scim/v2"
MINUTE = timedelta(minutes=1)
SHARE = 50


@dataclass
class Allowance:
    """How often a token may ask in a minute. Every process takes a share of requests at once, so that few of them write."""

    deployment: Deployment
    _shares: dict[str, tuple[int, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, right: Right, actor: Actor) -> None:
        """One request. Raises :class:`TooMany`."""
        with self._lock:
            left, until = self._shares.get(right.token_id, (0, 0.0))
            if left > 0 and time.monotonic() < until:
                self._shares[right.token_id] = (left - 1, until)
                return
        allowed = self.deployment.settings.roster_requests_per_minute
        share = min(SHARE, allowed)
        with self.deployment.transaction(actor) as tx:
            taken = limits.count(tx, f"roster:{right.token_id}", MINUTE, share)
        if taken > allowed:
            raise TooMany("Too many requests in a minute: wait, and ask for more at once.")
        with self._lock:
            self._shares[right.token_id] = (share - 1, time.monotonic() + MINUTE.total_seconds())


@dataclass(frozen=True)
class Service:
    """What every endpoint works on."""

    deployment: Deployment
    departures: Departures
    allowance: Allowance

    @property
    def base(self) -> str:
        """The address of the service provider."""
        return self.deployment.settings.public_url + PREFIX

    def reach(self, right: Right) -> Reach:
        """What the token's school can reach today."""
        roster = Roster(right.institution, self.deployment.ring.vault, self.departures)
        return Reach(roster, self.base, self.deployment.clock.now().date())

    def admit(self, text: str, address: str | None) -> tuple[Right, Actor]:
        """Whose token this is. Once a minute its use is noted, and who came by another way comes onto the roster.

        Raises ``InvalidToken`` or :class:`TooMany`.
        """
        with self.deployment.reading() as session:
            right = tokens.find(session, text, self.deployment.clock.now())
        actor = Actor(kind="school", id=right.token_id, address=address)
        self.allowance.take(right, actor)
        if right.is_due:
            with self.deployment.transaction(actor) as tx:
                if tokens.note_use(tx, right):
                    adoption.adopt(tx, self.reach(right).roster)
        return right, actor
