"""What the rules come to for one person: the strictest level wins, and the narrowest set of kinds."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from idp.policy.document import Mode, Rule
from idp.registry import affiliations


@dataclass(frozen=True)
class Position:
    """What somebody is, and where."""

    province: str
    institution: str
    role: str


@dataclass(frozen=True)
class Duty:
    """A level that a rule demands. ``key`` names rule and level; ``since`` is when it took effect, ``None`` for always."""

    level: int
    key: str
    grace: timedelta = timedelta(0)
    since: datetime | None = None


@dataclass(frozen=True)
class Coming:
    """A level that will be demanded from ``until`` on."""

    level: int
    until: datetime


@dataclass(frozen=True)
class Demand:
    """Everything that is demanded of somebody; ``kinds`` are those that they may use, ``None`` for all.

    Two demands at once are :meth:`joined`, in whatever order and however often: what comes out is never less than either.
    """

    duties: frozenset[Duty] = frozenset()
    kinds: frozenset[str] | None = None

    @property
    def level(self) -> int:
        """The highest level, grace left aside."""
        return max((duty.level for duty in self.duties), default=1)

    def joined(self, other: "Demand") -> "Demand":
        """Both."""
        return Demand(self.duties | other.duties, narrower(self.kinds, other.kinds))


@dataclass(frozen=True)
class Standing:
    """A demand, as it stands for somebody on one day: what is due now, and what comes next. ``begun`` names duties whose grace
    begins with this sign-in.
    """

    level: int
    coming: Coming | None = None
    begun: tuple[Duty, ...] = field(default=(), repr=False)


def narrower(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """What both allow."""
    if one is None or other is None:
        return one if other is None else other
    return one & other


def positions(session: Session, person_id: int, today: date) -> list[Position]:
    """What the person is today."""
    return [Position(*one) for one in affiliations.belonging(session, person_id, today)]


def concerns(rule: Rule, position: Position | None, client_id: str, now: datetime) -> bool:
    """Whether the rule speaks of somebody who is this (``None``: of somebody who is nothing), at this app, now."""
    if (rule.begins and now < rule.begins) or (rule.ends and now >= rule.ends) or (rule.app and rule.app != client_id):
        return False
    wanted = (rule.province, rule.institution, rule.role or "")
    if position is None:
        return not any(wanted)
    return all(
        not one or one == other for one, other in zip(wanted, (position.province, position.institution, position.role), strict=True)
    )


def concerning(
    rules: Iterable[Rule], held: Collection[Position], client_id: str, now: datetime, mode: Mode = Mode.ENFORCE
) -> list[Rule]:
    """The rules of this mode that hold for somebody who is all of ``held``."""
    return [rule for rule in rules if rule.mode is mode and any(concerns(rule, one, client_id, now) for one in held or (None,))]


def demand_of(
    rules: Collection[Rule], held: Collection[Position], client_id: str, now: datetime, levels: Mapping[str, int]
) -> Demand:
    """What the enforced rules demand together; ``levels`` are those of the kinds that there are here.

    Somebody with two positions has the duties of both. What may be used is what both allow; where that does not reach the level,
    what the position with the higher duty allows: each could be met, and both together must not shut anybody out.
    """
    each = [_of(concerning(rules, (one,) if one else (), client_id, now)) for one in held or (None,)]
    total = _joined(each)
    if _reaches(total, total.level, levels):
        return total
    strict = [one for one in each if one.level == total.level]
    together = _joined(strict)
    if _reaches(together, total.level, levels):
        return Demand(total.duties, together.kinds)
    allowed = [one.kinds for one in strict]
    kinds = None if None in allowed else frozenset[str]().union(*(one for one in allowed if one is not None))
    return Demand(total.duties, kinds)


def standing(demand: Demand, best: int, began: Mapping[str, datetime], now: datetime, *, signing_in: bool) -> Standing:
    """What of the demand is due for somebody whose factors reach ``best``.

    Grace is for those who have no factor that is good enough; it runs from the first sign-in under the rule (``began``, by the
    key of the duty). Without ``signing_in`` nothing begins.
    """
    due, coming, begun = 1, [], []
    for duty in demand.duties:
        start = began.get(duty.key)
        if start is None or (duty.since is not None and start < duty.since):
            start = None
        if best >= duty.level or not duty.grace or (start is not None and now >= start + duty.grace):
            due = max(due, duty.level)
        elif start is not None or signing_in:
            coming.append(Coming(duty.level, (start or now) + duty.grace))
            begun += [duty] if start is None else []
    later = [one for one in coming if one.level > due]
    first = min(later, key=lambda one: (one.until, -one.level), default=None)
    return Standing(due, first, tuple(begun))


def _joined(demands: Iterable[Demand]) -> Demand:
    total = Demand()
    for one in demands:
        total = total.joined(one)
    return total


def _reaches(demand: Demand, level: int, levels: Mapping[str, int]) -> bool:
    return demand.kinds is None or any(levels.get(kind, 0) >= level for kind in demand.kinds)


def _of(rules: Iterable[Rule]) -> Demand:
    return _joined(Demand(_duties(rule), frozenset(rule.kinds) if rule.kinds is not None else None) for rule in rules)


def _duties(rule: Rule) -> frozenset[Duty]:
    return frozenset({Duty(rule.level, f"{rule.key}/{rule.level}", rule.grace, rule.since)} if rule.level > 1 else ())
