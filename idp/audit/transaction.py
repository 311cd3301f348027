"""The unit of work: a database session, the moment, who acts, and the journal."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from idp.audit.chain import ChainWriter, Entry
from idp.audit.vocabulary import Action


@dataclass(frozen=True)
class Actor:
    """Who acts. ``kind`` is ``operator`` (the command line), ``person`` (``id`` is the person number), ``app``,
    ``school`` (``id`` is that of its roster token), ``enrolment`` (``id`` is its handle, or the number of
    the certificate it renews by) or ``system``.

    ``address`` is the IP address the act came from, ``None`` for the command line.
    """

    kind: str
    id: str
    address: str | None = None


@dataclass(frozen=True)
class Transaction:
    """What a rule may use: ``session`` for rows, ``now`` (UTC, the same throughout) and :meth:`record`."""

    session: Session
    now: datetime
    actor: Actor
    chain: ChainWriter

    def serialise(self) -> None:
        """Waits for every other recorded change to end. What is read from here on stays true until this transaction ends.

        For decisions that rest on the absence of something: the next free code, a document nobody has registered yet.
        """
        self.chain.lock()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that is undone by itself when it raises, the events it recorded included."""
        mark = self.chain.mark()
        try:
            with self.session.begin_nested():
                yield
        except BaseException:
            self.chain.back_to(mark)
            raise

    def record(
        self,
        action: Action,
        *,
        subject: str,
        institution: str | None = None,
        outcome: str = "success",
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Writes down an act, in this transaction.

        ``subject`` is ``kind:identifier`` (``person:…``, ``institution:…``, ``app:…``, ``key:…``); ``institution`` the code of
        the school whose matter it is; ``detail`` is JSON and never holds a secret, a document number or a telephone number.
        """
        event = Entry(
            at=self.now,
            actor_kind=self.actor.kind,
            actor_id=self.actor.id,
            address=self.actor.address,
            action=action.value,
            subject=subject,
            institution=institution,
            outcome=outcome,
            detail=dict(detail or {}),
        )
        self.chain.append(event)
