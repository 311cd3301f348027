"""The policy as a document: rules, circumstances to look at, and the places of the operator's networks.

Rules say of whom they speak (province, institution, role, app: empty means any) and what they demand. Which of them hold for
somebody, and what they come to together, is the matter of :mod:`idp.policy.demand`.
"""

import ipaddress
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from idp.clock import BEIJING
from idp.i18n import N_
from idp.policy.errors import InvalidPolicy
from idp.registry.affiliations import ADMINISTRATORS, Role

DEFAULT_GRACE_DAYS = 14
ADMINISTRATORS_LEVEL, ADMINISTRATORS_GRACE_DAYS = 3, 7
MAX_RULES, MAX_PLACES, MAX_NETWORKS = 5000, 500, 2000

Days = Annotated[int, Field(ge=0, le=365)]
Level = Annotated[int, Field(ge=1, le=4)]
Reason = Annotated[str, Field(max_length=200)]


class Mode(StrEnum):
    """Whether a rule is obeyed, or only written down each time that it would have been."""

    OFF = "off"
    RECORD_ONLY = "record_only"
    ENFORCE = "enforce"


class Signal(StrEnum):
    """What of a sign-in is looked at, see :mod:`idp.policy.risk`. ``rule`` is a rule of the policy that is recorded only."""

    NEW_PLACE = "new_place"
    MANY_FAILURES = "many_failures"
    NUMBER_CHANGED = "number_changed"
    RULE = "rule"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Part):
    """``level`` must be proven, by one of ``kinds`` where they are given; ``grace_days`` is the time to set a factor up.

    ``begins`` and ``ends`` bound the time in which it holds; ``ends`` is the first moment in which it does not. ``since`` is ours:
    when the rule took effect.
    """

    province: str = ""
    institution: str = ""
    role: Role | None = None
    app: str = ""
    level: Level = 1
    kinds: tuple[str, ...] | None = None
    grace_days: Days | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    mode: Mode = Mode.ENFORCE
    reason: Reason = ""
    since: datetime | None = None

    @field_validator("begins", "ends", mode="before")
    @classmethod
    def _moment(cls, value: object) -> object:
        """A day is its first moment, and what has no time zone is Beijing's."""
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
            except ValueError:
                raise ValueError(N_("must be a day such as 2027-06-01, or a day and time")) from None
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=BEIJING)).astimezone(UTC)
        return value

    @field_validator("kinds")
    @classmethod
    def _kinds(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and not value:
            raise ValueError(N_("name at least one kind, or leave kinds out"))
        return tuple(sorted(set(value))) if value is not None else None

    @model_validator(mode="after")
    def _makes_sense(self) -> "Rule":
        if self.institution and self.province and self.institution[2:4] != self.province:
            raise ValueError(N_("the institution is not in this province; name the institution alone"))
        if self.level == 1 and self.kinds is None:
            raise ValueError(N_("it demands nothing: give level, kinds or both"))
        if self.app and self.kinds is not None:
            raise ValueError(N_("an app demands a level; kinds are offered to persons, by province, institution and role"))
        if self.app and self.grace_days:
            raise ValueError(N_("there is no grace for what an app demands"))
        if self.begins and self.ends and self.ends <= self.begins:
            raise ValueError(N_("it ends before it begins"))
        return self

    @property
    def grace(self) -> timedelta:
        """How long somebody without a factor may put it off. Our policy: not for an app, nor in a time that is set."""
        if self.grace_days is not None:
            return timedelta(days=self.grace_days)
        at_once = self.app or self.begins or self.ends or self.role in ADMINISTRATORS
        return timedelta(0) if at_once else timedelta(days=DEFAULT_GRACE_DAYS)

    @property
    def key(self) -> str:
        """What tells the rule from every other one."""
        begins = f"{self.begins:%Y%m%d%H%M}" if self.begins else ""
        return "/".join((self.province, self.institution, self.role or "", self.app, begins))


class Look(_Part):
    """How one signal is taken: who is looked at, and what has to be proven if it shows.

    Pupils and guardians are left out unless named, because most have no second factor to be asked for.
    """

    mode: Mode = Mode.RECORD_ONLY
    level: Annotated[int, Field(ge=2, le=3)] = 2
    roles: tuple[Role, ...] = (Role.TEACHER, Role.STAFF, Role.SCHOOL_ADMIN, Role.REGION_ADMIN)


class Place(_Part):
    """A part of the net with a name: a campus, a city, a province."""

    name: Annotated[str, Field(min_length=1, max_length=50)]
    networks: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_NETWORKS)]

    @field_validator("networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                ipaddress.ip_network(text)
            except ValueError:
                raise ValueError(N_("a network looks like 10.0.0.0/8 or 2001:db8::/32")) from None
        return value


class Policy(_Part):
    """The whole document."""

    rules: Annotated[tuple[Rule, ...], Field(max_length=MAX_RULES)] = ()
    risk: Mapping[Signal, Look] = Field(default_factory=dict)
    places: Annotated[tuple[Place, ...], Field(max_length=MAX_PLACES)] = ()

    @model_validator(mode="after")
    def _one_of_each(self) -> "Policy":
        keys = [rule.key for rule in self.rules]
        if len(set(keys)) < len(keys):
            raise ValueError(N_("two rules speak of the same persons, app and time"))
        if Signal.RULE in self.risk:
            raise ValueError(N_("rule is no signal; give a rule the mode record_only"))
        return self

    def look(self, signal: Signal) -> Look:
        """How this signal is taken; recorded only, unless the document says otherwise."""
        return self.risk.get(signal, Look())

    def effective(self, highest: int) -> tuple[Rule, ...]:
        """The rules, those that hold without being written among them.

        Our policy: administrators prove level 3, or ``highest``, the most that this installation can; a rule for that role alone
        takes the place of this one.
        """
        said = {rule.role for rule in self.rules if not (rule.province or rule.institution or rule.app or rule.begins or rule.ends)}
        level = min(ADMINISTRATORS_LEVEL, highest)
        return (*self.rules, *(rule for rule in _unwritten(level) if rule.role not in said))


@lru_cache
def _unwritten(level: int) -> tuple[Rule, ...]:
    """The rules that hold without being written, where they demand anything."""
    if level == 1:
        return ()
    return tuple(Rule(role=role, level=level, grace_days=ADMINISTRATORS_GRACE_DAYS) for role in ADMINISTRATORS)


def read(values: Mapping[str, Any]) -> Policy:
    """The policy that a document says, with ``rules``, ``risk`` and ``places``. Raises :class:`InvalidPolicy`."""
    try:
        return Policy(**values)
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"]) or "rules"
        unknown = first["type"] == "extra_forbidden"
        reason = N_("there is no such part") if unknown else first["msg"].removeprefix("Value error, ")
        raise InvalidPolicy(where=where, reason=reason) from None
    except TypeError:
        raise InvalidPolicy(where="document", reason=N_("it must be a table")) from None
