"""Secrets that wait in the outbox: a message's payload holds them sealed, until it is done."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.crypto.envelope import prefix
from idp.database.compare_and_set import compare_and_set
from idp.keys.places import Found
from idp.outbox.tables import Message

_FIELD = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class SealedPayload:
    """What is ``sealed`` in the payloads of one kind; in the object ``inside`` of it, where that is named.

    ``pattern`` is the vault's context, with the names that stand beside it in braces. Payloads hold a message or two, so each is
    read whole. Nobody but re-sealing changes one.
    """

    kind: str
    pattern: str
    inside: str | None = None
    purpose: str = "seal"

    @property
    def name(self) -> str:
        """The table, the column, and where in it."""
        return ".".join(filter(None, ("outbox", "payload", self.kind, self.inside)))

    def count(self, session: Session, kid: str) -> tuple[int, int]:
        """How many values are sealed under ``kid``, and how many under other keys."""
        found = [one.sealed.startswith(prefix(kid)) for one in self._all(session, 0)]
        return sum(found), len(found) - sum(found)

    def stale(self, session: Session, kid: str, after: tuple[Any, ...] | None, limit: int) -> Sequence[Found]:
        """The next values that are not sealed under ``kid``."""
        all_ = self._all(session, after[0] if after is not None else 0)
        return [one for one in all_ if not one.sealed.startswith(prefix(kid))][:limit]

    def replace(self, session: Session, found: Found, sealed: str) -> bool:
        """Puts ``sealed`` in its place; not where the message is done."""
        payload = session.scalar(select(Message.payload).where(Message.id == found.row[0]).with_for_update())
        holder = self._holder(payload) if payload is not None else None
        if payload is None or holder is None or holder.get("sealed") != found.sealed:
            return False
        changed = {**holder, "sealed": sealed}
        whole = changed if self.inside is None else {**payload, self.inside: changed}
        return compare_and_set(session, update(Message).where(Message.id == found.row[0]).values(payload=whole))

    def _all(self, session: Session, after: int) -> list[Found]:
        mine = select(Message.id, Message.payload).where(Message.kind == self.kind, Message.id > after).order_by(Message.id)
        holders = ((number, self._holder(payload)) for number, payload in session.execute(mine))
        return [
            Found((number,), holder["sealed"], self._context(holder))
            for number, holder in holders
            if holder is not None and "sealed" in holder
        ]

    def _context(self, holder: Mapping[str, Any]) -> str:
        return _FIELD.sub(lambda name: str(holder[name[1]]), self.pattern)

    def _holder(self, payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return payload if self.inside is None else payload.get(self.inside)
