"""A sign-in under way at another provider: bound to one browser, good for one return."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import update

from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.keys import Vault
from idp.login.sessions import digest
from idp.upstream.errors import ReturnLost
from idp.upstream.tables import UpstreamRequest

LIFETIME = timedelta(minutes=15)
MAX_STATE = 128


@dataclass(frozen=True)
class Pending:
    """What we remember of it. ``memory`` is the protocol's; ``posted`` an answer that has come by a form."""

    provider: str
    flow_id: str | None
    person_id: int | None
    memory: Mapping[str, str] = field(repr=False)
    posted: Mapping[str, str] | None = field(default=None, repr=False)


def new_state() -> str:
    """192 random bits in 48 small letters and digits: WeCom and platforms like it take no other characters."""
    return secrets.token_hex(24)


def keep(
    tx: Transaction,
    vault: Vault,
    state: str,
    provider: str,
    browser: str,
    memory: Mapping[str, str],
    *,
    flow_id: str | None = None,
    person_id: int | None = None,
) -> None:
    """Remembers that this browser (by its secret) was sent to ``provider`` with ``state``."""
    state_hash = digest(state)
    tx.session.add(
        UpstreamRequest(
            state_hash=state_hash,
            provider=provider,
            browser_hash=digest(browser),
            flow_id=flow_id,
            person_id=person_id,
            memory_sealed=vault.seal(json.dumps(dict(memory)), context=f"upstream_request:{state_hash}:memory"),
            created_at=tx.now,
            expires_at=tx.now + LIFETIME,
        )
    )


def keep_answer(tx: Transaction, vault: Vault, state: str, provider: str, answer: Mapping[str, str]) -> None:
    """Puts an answer aside that another site's form has sent: browsers send our cookies with the next request, not with this one.

    Raises :class:`ReturnLost`. The first answer stays: it is looked at when the browser brings its cookies.
    """
    state_hash = digest(state[:MAX_STATE])
    sealed = vault.seal(json.dumps(dict(answer)), context=f"upstream_request:{state_hash}:answer")
    keeping = (
        update(UpstreamRequest)
        .where(
            UpstreamRequest.state_hash == state_hash,
            UpstreamRequest.provider == provider,
            UpstreamRequest.spent_at.is_(None),
            UpstreamRequest.answer_sealed.is_(None),
            UpstreamRequest.expires_at > tx.now,
        )
        .values(answer_sealed=sealed)
    )
    if not compare_and_set(tx.session, keeping):
        raise ReturnLost(detail="no request waits for this answer")


def spend(tx: Transaction, vault: Vault, state: str, provider: str, browser: str) -> Pending:
    """The sign-in that ``state`` belongs to, once: of two returns at the same time one gets it. Raises :class:`ReturnLost`.

    RFC 9700 §2.1, §4.7: bound to the browser that began it, and to the provider it was sent to. Another browser, or a return from
    another provider, spends nothing.
    """
    state_hash = digest(state[:MAX_STATE])
    spending = (
        update(UpstreamRequest)
        .where(
            UpstreamRequest.state_hash == state_hash,
            UpstreamRequest.provider == provider,
            UpstreamRequest.browser_hash == digest(browser),
            UpstreamRequest.spent_at.is_(None),
            UpstreamRequest.expires_at > tx.now,
        )
        .values(spent_at=tx.now)
    )
    if not compare_and_set(tx.session, spending):
        raise ReturnLost(detail="unknown, spent, expired, of another browser or of another provider")
    row = tx.session.get_one(UpstreamRequest, state_hash, populate_existing=True)
    memory = json.loads(vault.open(row.memory_sealed, context=f"upstream_request:{state_hash}:memory"))
    posted = None
    if row.answer_sealed is not None:
        posted = json.loads(vault.open(row.answer_sealed, context=f"upstream_request:{state_hash}:answer"))
    return Pending(row.provider, row.flow_id, row.person_id, memory, posted)
