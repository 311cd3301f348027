"""What of a sign-in is unusual: one small rule for each signal, over values that were gathered before.

A signal raises the level that this one sign-in has to prove; by itself it never shuts anybody out. Impossible travel is no rule
here: without a database of where addresses are, a distance would be made up.
"""

import ipaddress
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.policy.demand import Position, concerning
from idp.policy.document import Mode, Place, Policy, Rule, Signal

MANY_FAILURES = 5
NUMBER_IS_NEW_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Circumstances:
    """How somebody signs in, as far as it is known.

    ``device_known`` is ``None`` where nobody can tell, as before a passkey that needs no account name. ``place`` is the name that
    the operator's table gives the address, empty for an address outside of it; ``usual_places`` are those of earlier sign-ins, with
    nothing in it for somebody's first one. ``failures`` were those of the last hour on this account; ``number_changed_at`` is when
    the telephone number that gets codes was last another one.
    """

    now: datetime
    client_id: str = ""
    device_known: bool | None = None
    place: str = ""
    usual_places: frozenset[str] = frozenset()
    failures: int = 0
    number_changed_at: datetime | None = None


@dataclass(frozen=True)
class RiskRule:
    """``restricted`` says whether a restricted kind, such as a text message, is still good for anything when it shows."""

    signal: Signal
    shows: Callable[[Circumstances], bool]
    restricted: bool = True


@dataclass(frozen=True)
class Raised:
    """A level that a signal demands of this sign-in, or would demand. ``rule`` names the rule of the policy, where it is one."""

    signal: Signal
    mode: Mode
    level: int
    restricted: bool = True
    rule: str = ""


def _new_place(seen: Circumstances) -> bool:
    # Either alone is everyday: a new phone on the campus, the same laptop on a train.
    return seen.device_known is False and bool(seen.usual_places) and seen.place not in seen.usual_places


def _many_failures(seen: Circumstances) -> bool:
    return seen.failures > MANY_FAILURES


def _number_changed(seen: Circumstances) -> bool:
    # NIST SP 800-63B-4 asks to look for a changed SIM or a ported number; what we can see ourselves is the change here.
    return seen.number_changed_at is not None and seen.now < seen.number_changed_at + NUMBER_IS_NEW_FOR


RISK_RULES: tuple[RiskRule, ...] = (
    RiskRule(Signal.NEW_PLACE, _new_place),
    RiskRule(Signal.MANY_FAILURES, _many_failures),
    RiskRule(Signal.NUMBER_CHANGED, _number_changed, restricted=False),
)


def looked_at(policy: Policy, held: Collection[Position]) -> frozenset[Signal]:
    """The signals that are looked at where somebody who is all of ``held`` signs in. For most people there are none."""
    roles = {one.role for one in held}
    looks = [(rule.signal, policy.look(rule.signal)) for rule in RISK_RULES]
    return frozenset(signal for signal, look in looks if look.mode is not Mode.OFF and roles & set(look.roles))


def raised(policy: Policy, rules: Collection[Rule], held: Collection[Position], seen: Circumstances) -> list[Raised]:
    """What the circumstances demand of somebody who is all of ``held``, and what rules in trial would; nothing that is off."""
    signals = looked_at(policy, held)
    looks = [(rule, policy.look(rule.signal)) for rule in RISK_RULES if rule.signal in signals]
    tried = [rule for rule in concerning(rules, held, seen.client_id, seen.now, Mode.RECORD_ONLY) if rule.level > 1]
    return [
        *(Raised(rule.signal, look.mode, look.level, rule.restricted) for rule, look in looks if rule.shows(seen)),
        *(Raised(Signal.RULE, Mode.RECORD_ONLY, rule.level, rule=rule.key) for rule in tried),
    ]


def place_of(places: Sequence[Place], address: str | None) -> str:
    """The name of the place that an address is in: of several, the smallest network's. Empty outside of all."""
    try:
        found = ipaddress.ip_address((address or "").split("%")[0])
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    networks = [(ipaddress.ip_network(text), place.name) for place in places for text in place.networks]
    fitting = [(network.prefixlen, name) for network, name in networks if found in network]
    return max(fitting, key=lambda one: one[0])[1] if fitting else ""
