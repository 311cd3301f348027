"""The one interface of those who send text messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from idp.sms.errors import SendError


@dataclass(frozen=True)
class TextMessage:
    """A message to send. ``reference`` is ours and for once, ``phone`` E.164.

    ``text`` is what carriers transmit; vendors that know approved templates only take ``values`` (``code`` and others) and
    ``locale``.
    """

    reference: int
    phone: str = field(repr=False)
    text: str = field(repr=False)
    locale: str
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Accepted:
    """A provider took a message; ``ids`` are its names for the segments, in their order."""

    ids: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What became of one segment. ``detail`` is the network's word for it, such as ``DELIVRD``."""

    id: str
    delivered: bool
    detail: str


class Provider(Protocol):
    """Sends messages. May be used by several threads at once."""

    @property
    def name(self) -> str:
        """Its name in the settings and in rows."""
        ...

    def send(self, message: TextMessage) -> Accepted:
        """Hands a message over, within the time the settings allow.

        Raises a :class:`idp.sms.errors.SendError` that says whether it may be tried again, and elsewhere.
        """
        ...

    def close(self) -> None:
        """Ends connections and threads."""
        ...


@runtime_checkable
class SendsMany(Protocol):
    """A provider that has many messages on the way at once."""

    def send_many(self, messages: Sequence[TextMessage], until: float) -> Sequence[Accepted | SendError]:
        """What became of each message, in their order. Nothing is begun after ``until``, a moment of the monotonic clock."""
        ...


@runtime_checkable
class Reporting(Protocol):
    """A provider that has to be asked what became of a message; the others say so by themselves (:class:`Reports`)."""

    def report(self, message: TextMessage, id: str, sent_at: datetime) -> Report | None:  # noqa: A002 - the provider's word
        """What is known by now, ``None`` for nothing yet. Raises a :class:`idp.sms.errors.SendError`."""
        ...


class Reports(Protocol):
    """Whom a provider tells what it hears unasked. Both can be told the same thing twice."""

    def reported(self, provider: str, *reports: Report) -> None:
        """Segments arrived, or did not: all of them are kept, or none."""
        ...

    def accepted_late(self, provider: str, reference: int, accepted: Accepted) -> None:
        """A message whose outcome was unknown was taken after all."""
        ...
