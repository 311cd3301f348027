"""The policy in the database: numbered versions, the highest of which holds."""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps import register
from idp.audit import Action, Transaction
from idp.i18n import N_
from idp.policy.check import Kinds, check_reachable
from idp.policy.document import Policy, Rule, read
from idp.policy.errors import InvalidPolicy, NoSuchVersion
from idp.policy.tables import PolicyVersion
from idp.registry import classification, institutions

_NEWEST = select(PolicyVersion.document).order_by(PolicyVersion.number.desc()).limit(1)
_SEEN = "yima_policy"


def current(session: Session) -> Policy:
    """The policy that holds; an empty one where nobody has made any. Looked up once for a unit of work."""
    if _SEEN not in session.info:
        text = session.scalar(_NEWEST)
        session.info[_SEEN] = _parsed(text) if text is not None else Policy()
    found: Policy = session.info[_SEEN]
    return found


def version(session: Session, number: int) -> Policy:
    """An earlier state. Raises :class:`NoSuchVersion`."""
    row = session.get(PolicyVersion, number)
    if row is None:
        raise NoSuchVersion(number=number)
    return _parsed(row.document)


def history(session: Session) -> Sequence[PolicyVersion]:
    """Every version, the latest first."""
    return session.scalars(select(PolicyVersion).order_by(PolicyVersion.number.desc())).all()


def check(session: Session, policy: Policy, kinds: Kinds) -> None:
    """What a policy must be to be applied. Raises :class:`InvalidPolicy`, ``CannotBeMet``, or the registry's ``NoSuch…``."""
    for number, rule in enumerate(policy.rules, 1):
        _check_references(session, rule, f"rules {number}", kinds)
    check_reachable(policy, kinds)


def apply(tx: Transaction, policy: Policy, kinds: Kinds, *, reason: str | None = None) -> int:
    """Makes this the policy from now on; returns its number. Raises as :func:`check` does.

    A rule that was there before keeps the moment in which it took effect, so that nobody's grace begins again.
    """
    tx.serialise()
    tx.session.info.pop(_SEEN, None)  # what another one has just made of it counts
    check(tx.session, policy, kinds)
    before = {_mark(rule): rule.since for rule in current(tx.session).rules}
    dated = [rule.model_copy(update={"since": before.get(_mark(rule)) or tx.now}) for rule in policy.rules]
    policy = policy.model_copy(update={"rules": tuple(dated)})
    last = tx.session.scalar(select(PolicyVersion.number).order_by(PolicyVersion.number.desc()).limit(1)) or 0
    text = json.dumps(policy.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False, sort_keys=True)
    tx.session.add(PolicyVersion(number=last + 1, document=text, at=tx.now, by=tx.actor.id, reason=reason))
    tx.session.flush()
    tx.session.info.pop(_SEEN, None)
    detail = {"rules": len(policy.rules), "risk": {signal.value: look.mode.value for signal, look in policy.risk.items()}}
    tx.record(Action.POLICY_CHANGED, subject=f"policy:{last + 1}", detail=detail | {"reason": reason})
    return last + 1


def changed(before: Policy, after: Policy) -> tuple[Collection[Rule], Collection[Rule]]:
    """The rules that come, and those that go; one that changes does both."""
    old, new = {_bare(rule) for rule in before.rules}, {_bare(rule) for rule in after.rules}
    return [rule for rule in after.rules if _bare(rule) not in old], [rule for rule in before.rules if _bare(rule) not in new]


@lru_cache(maxsize=8)
def _parsed(text: str) -> Policy:
    values: Mapping[str, object] = json.loads(text)
    return read(values)


def _mark(rule: Rule) -> tuple[str, int]:
    return rule.key, rule.level


def _bare(rule: Rule) -> Rule:
    return rule.model_copy(update={"since": None})


def _check_references(session: Session, rule: Rule, where: str, kinds: Kinds) -> None:
    if rule.province and rule.province not in classification.provinces():
        raise InvalidPolicy(where=f"{where} province", reason=N_("there is no such province; it has two digits"))
    if rule.institution:
        institutions.by_code(session, rule.institution)
    if rule.app:
        register.by_id(session, rule.app)
    if rule.kinds is not None and not set(rule.kinds) <= kinds.known:
        raise InvalidPolicy(where=f"{where} kinds", reason=N_("there is no such kind of factor"))
