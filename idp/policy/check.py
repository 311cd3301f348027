"""No rule that cannot be met: whoever it concerns must be able to set something up that is good enough."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from idp.i18n import N_
from idp.policy.demand import narrower
from idp.policy.document import Mode, Policy, Rule
from idp.policy.errors import CannotBeMet
from idp.registry.affiliations import Role


@dataclass(frozen=True)
class Kinds:
    """What ``mfa`` says of its kinds: the names of all, and the levels of those that count here when nobody has any yet.

    A kind that is not configured does not count, nor one that is never enough by itself.
    """

    known: frozenset[str]
    levels: Mapping[str, int]

    @property
    def highest(self) -> int:
        """The highest level that this installation can ask for."""
        return max(self.levels.values(), default=1)


def check_reachable(policy: Policy, kinds: Kinds) -> None:
    """Raises :class:`CannotBeMet` for the first demand that the kinds offered to the same people do not reach.

    Rules that are recorded only count as well, or enforcing one would be a surprise. Time is left aside: rules of different times
    are taken as holding together.
    """
    rules = [rule for rule in policy.effective(kinds.highest) if rule.mode is not Mode.OFF]
    general = [rule for rule in rules if not rule.province and not rule.institution]
    by_province, by_institution = _grouped(rules, lambda r: r.province), _grouped(rules, lambda r: r.institution)
    _check(general, "", "", kinds)
    for province, own in by_province.items():
        _check([*general, *own], province, "", kinds)
    for institution, own in by_institution.items():
        _check([*general, *by_province.get(institution[2:4], ()), *own], "", institution, kinds)


def scope_of(rule: Rule) -> str:
    """Of whom the rule speaks, in the words of the document."""
    said = {"province": rule.province, "institution": rule.institution, "role": rule.role, "app": rule.app}
    parts = [f"{name} {value}" for name, value in said.items() if value]
    parts += [f"begins {rule.begins:%Y-%m-%d}"] if rule.begins else []
    return ", ".join(parts) or N_("everybody")


def _grouped(rules: Iterable[Rule], by: Callable[[Rule], str]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        if by(rule):
            found.setdefault(by(rule), []).append(rule)
    return found


def _check(rules: list[Rule], province: str, institution: str, kinds: Kinds) -> None:
    for role in (None, *Role):
        mine = [rule for rule in rules if rule.role in (None, role)]
        offered: frozenset[str] | None = None
        for rule in mine:
            offered = narrower(offered, frozenset(rule.kinds) if rule.kinds is not None else None)
        reach = max((level for kind, level in kinds.levels.items() if offered is None or kind in offered), default=1)
        over = next((rule for rule in mine if rule.level > reach), None)
        if over is not None:
            scope = scope_of(over.model_copy(update={"province": province, "institution": institution, "role": role}))
            raise CannotBeMet(scope=scope, level=over.level, kinds=", ".join(sorted(offered or kinds.levels)))
