"""Which proofs make which level, whose factors count for how much, and how a token says so.

Level 1 is a password, or a certificate alone; 2 a second factor beside a password; 3 co-signing on the phone or a passkey that
verified its user, with or without a password; 4 is attested hardware. What level somebody needs is the matter of
:mod:`idp.policy`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from idp.mfa.factor import Site
from idp.mfa.factors import FACTORS, kind_of
from idp.mfa.tables import Credential
from idp.policy.check import Kinds

ACR_PREFIX = "urn:yima:acr:"
PASSWORD = "pwd"
# RFC 8176 has no value for what was done at another provider, so that tokens have none either.
ELSEWHERE = "upstream"

# RFC 8176 §2, in the order in which tokens name them, each with what it shows: something known, something had, something one
# is. `user` and `rba` show neither.
_METHODS = {
    PASSWORD: "known",
    "pin": "known",
    "otp": "had",
    "sms": "had",
    "swk": "had",
    "hwk": "had",
    "sc": "had",
    "fpt": "is",
    "face": "is",
    "iris": "is",
    "user": "",
    "rba": "",
}
MULTIPLE = "mfa"


def amr_of(methods: Collection[str]) -> tuple[str, ...]:
    """RFC 8176: what was proven, and ``mfa`` when that was of more than one kind, or when a factor alone proved more than one."""
    ordered = tuple(method for method in _METHODS if method in methods)
    kinds = {_METHODS[method] for method in ordered} - {""}
    return (*ordered, MULTIPLE) if len(kinds) > 1 or MULTIPLE in methods else ordered


def proves_more_than_a_password(methods: Collection[str]) -> bool:
    """Whether something that one has or is was proven among them, or more than one thing elsewhere."""
    return MULTIPLE in methods or any(_METHODS.get(method) in ("had", "is") for method in methods)


def is_key_alone(methods: Collection[str]) -> bool:
    """Whether all that was proven is that somebody has a key: a certificate, with no password and nobody checked at the device."""
    return set(methods) == {"swk"}


def kinds_of(site: Site) -> Kinds:
    """What this installation has to offer, for the policy. A restricted kind is never enough by itself, and so reaches nothing."""
    main = [factor for factor in FACTORS.values() if not factor.last_resort]
    levels = {factor.kind: factor.level for factor in main if factor.addable and not factor.restricted and factor.available(site)}
    return Kinds(frozenset(factor.kind for factor in main), levels)


def highest_level(site: Site) -> int:
    """What a sign-in here can prove at most: nothing more is promised to apps."""
    return kinds_of(site).highest


@dataclass(frozen=True)
class Holding:
    """Somebody's factors, as far as they are good for anything: those to ask for, and the kinds that lift a level.

    A kind that the policy does not offer to this person any more is still asked for if there is nothing else, because a password
    alone would be less; but it lifts nothing.
    """

    asked: tuple[Credential, ...] = ()
    counting: frozenset[str] = frozenset()

    @property
    def best(self) -> int:
        """The highest level that they reach, 0 without any that counts."""
        return max((kind_of(row.kind).level for row in self.asked if row.kind in self.counting), default=0)

    def credit(self, kind: str, level: int) -> int:
        """What a proof of ``level`` by this kind lifts the sign-in to."""
        return level if kind in self.counting else 1


def has_better(rows: Sequence[Credential]) -> bool:
    """Whether there is a factor beside which a restricted one may stand."""
    return any(not kind_of(row.kind).restricted and not kind_of(row.kind).last_resort for row in rows)


def holding(rows: Sequence[Credential], kinds: frozenset[str] | None, *, administrator: bool, restricted: bool = True) -> Holding:
    """What the factors that somebody has set up are good for, where the policy offers ``kinds`` (``None``: all).

    NIST SP 800-63B §5.2.10: a restricted kind counts only beside a better one. Our policy: for administrators it is not there at
    all, and without ``restricted`` it lifts nothing in this sign-in.
    """
    there = [row for row in rows if not (administrator and kind_of(row.kind).restricted)]
    restricted = restricted and has_better(there)
    main = {
        row.kind
        for row in there
        if (kinds is None or row.kind in kinds)
        and not kind_of(row.kind).last_resort
        and (restricted or not kind_of(row.kind).restricted)
    }
    if not main:
        return Holding(tuple(there))
    counting = main | {row.kind for row in there if kind_of(row.kind).last_resort}
    return Holding(tuple(row for row in there if row.kind in counting), frozenset(counting))


def acr_of(level: int) -> str:
    """``urn:yima:acr:1`` and so on."""
    return f"{ACR_PREFIX}{level}"


def level_of_acr(acr: str) -> int | None:
    """The level that an ``acr`` value names, ``None`` for one we do not know."""
    number = acr.removeprefix(ACR_PREFIX)
    return int(number) if acr.startswith(ACR_PREFIX) and number in ("1", "2", "3", "4") else None
