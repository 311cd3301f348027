"""What a sign-in needs, by the protocol and by the policy, and whether a session meets it."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from idp.clock import BEIJING
from idp.login.sessions import SignedIn
from idp.mfa import credentials, enrolment
from idp.mfa.factor import Site
from idp.mfa.policy import Holding, holding, kinds_of
from idp.mfa.remembered import METHOD
from idp.policy import grace, store
from idp.policy.demand import Coming, Duty, Position, demand_of, positions, standing
from idp.policy.document import Policy, Rule
from idp.registry import persons
from idp.registry.affiliations import ADMINISTRATORS


@dataclass(frozen=True)
class Requirement:
    """``level`` as in :mod:`idp.mfa.policy`, the least; ``max_age`` in seconds; ``force`` asks again whatever is proven;
    without ``remembered`` a remembered device does not stand for a second step.

    ``wished`` are the levels that the app would take, the one it likes best first; none: ``level`` is enough. ``app_name`` is
    shown; ``app_origin`` is where forms may end, for the content security policy; ``client_id`` is the app's.
    """

    level: int = 1
    max_age: int | None = None
    force: bool = False
    login_hint: str | None = None
    app_name: str | None = None
    app_origin: str | None = None
    client_id: str | None = None
    wished: tuple[int, ...] = ()
    remembered: bool = True

    def to_json(self) -> dict[str, Any]:
        """For the flow's row."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Requirement":
        """From the flow's row."""
        return cls(**values | {"wished": tuple(values.get("wished", ()))})

    @property
    def acceptable(self) -> tuple[int, ...]:
        """The levels that would do, in the app's order; never less than ``level``."""
        return tuple(dict.fromkeys(max(self.level, one) for one in self.wished)) or (self.level,)


@dataclass(frozen=True)
class Assessment:
    """What is demanded of somebody at one app now, and what they have for it.

    ``chosen`` is the level that the protocol comes to, ``due`` the one that the policy does; ``coming`` will be due, and the grace
    of ``begun`` begins with this sign-in. ``offered`` is the highest level that the person may set up.
    """

    policy: Policy
    rules: tuple[Rule, ...]
    positions: tuple[Position, ...]
    holding: Holding
    chosen: int
    due: int
    coming: Coming | None
    begun: tuple[Duty, ...]
    offered: int

    @property
    def required(self) -> int:
        """Protocol and policy together."""
        return max(self.chosen, self.due)


def assess(
    session: Session,
    site: Site,
    requirement: Requirement,
    person_id: int,
    now: datetime,
    *,
    restricted: bool = True,
    signing_in: bool = False,
) -> Assessment:
    """Looks at the policy and at the person's factors. ``restricted``: whether a text message is good for anything now."""
    policy, client_id = store.current(session), requirement.client_id or ""
    kinds = kinds_of(site)
    rules = policy.effective(kinds.highest)
    held = positions(session, person_id, now.astimezone(BEIJING).date())
    demand = demand_of(rules, held, client_id, now, kinds.levels)
    rows = credentials.held_by(session, person_id)
    administrator = any(one.role in ADMINISTRATORS for one in held)
    mine = holding(rows, demand.kinds, administrator=administrator, restricted=restricted)
    began = grace.began(session, person_id) if demand.level > max(1, mine.best) else {}
    stands = standing(demand, mine.best, began, now, signing_in=signing_in)
    offered = mine.best
    # A password is there: only what it does not reach makes it worth knowing what could be set up.
    if max(1, mine.best) < max(*requirement.acceptable, demand.level):
        addable = enrolment.offered(session, site, persons.by_id(session, person_id), now, held=held)
        offered = max(offered, *(factor.level for factor in addable), 0)
    chosen = chosen_level(requirement, mine.best, offered)
    return Assessment(policy, rules, tuple(held), mine, chosen, stands.level, stands.coming, stands.begun, offered)


def chosen_level(requirement: Requirement, best: int, offered: int) -> int:
    """Which of the acceptable levels it is to be.

    OpenID Connect Core 1.0 §3.1.2.1: the first in the app's order, of those that the person's factors reach; our policy: only
    where they reach none, the first that the person could set up. Where there is neither, the lowest: it cannot be met.
    """
    for reach in (max(1, best), offered):
        found = next((level for level in requirement.acceptable if level <= reach), None)
        if found is not None:
            return found
    return min(requirement.acceptable)


def is_fresh(requirement: Requirement, signed_in: SignedIn, now: datetime) -> bool:
    """Whether what the session has proven counts for this requirement at all.

    OpenID Connect Core 1.0 §3.1.2.1: older than ``max_age`` seconds means asking again; ``prompt=login`` always does.
    """
    if requirement.force or (not requirement.remembered and METHOD in signed_in.methods):
        return False
    return requirement.max_age is None or signed_in.auth_time + timedelta(seconds=requirement.max_age) >= now


def is_satisfied(session: Session, site: Site, requirement: Requirement, signed_in: SignedIn | None, now: datetime) -> bool:
    """Whether the session meets the requirement, and what the policy demands of this person, so that nobody has to be asked."""
    if signed_in is None or not is_fresh(requirement, signed_in, now) or signed_in.level < requirement.level:
        return False
    enough = max(requirement.acceptable)
    kinds = kinds_of(site)
    rules = store.current(session).effective(kinds.highest)
    if signed_in.level >= max(enough, *(rule.level for rule in rules), 1):
        return True
    # What may be demanded of this person at most, before their factors are looked at: of most it is nothing.
    held = positions(session, signed_in.person_id, now.astimezone(BEIJING).date())
    demand = demand_of(rules, held, requirement.client_id or "", now, kinds.levels)
    if signed_in.level >= max(enough, demand.level):
        return True
    return signed_in.level >= assess(session, site, requirement, signed_in.person_id, now).required
