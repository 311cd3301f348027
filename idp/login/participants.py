"""Who takes part in a session: the apps that somebody is signed in to from it, whichever protocol they speak.

A protocol says of each of its apps how it learns that a session has ended, and nothing else; ``sign_outs`` does the telling.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Telling:
    """A message from server to server: a ``kind`` of the outbox, with its payload, to the host of ``url``."""

    kind: str
    payload: dict[str, Any]
    url: str


@dataclass(frozen=True)
class Participant:
    """An app, and its ways to learn of the end: none, by messages, by a page of its own in the browser, or both."""

    app_id: str
    messages: tuple[Telling, ...] = ()
    in_browser: bool = False


@dataclass(frozen=True)
class Farewell:
    """A page of an app that ends what it keeps in this browser. ``answers``: the app says by itself whether it has done so.

    ``leads_to`` is the app's address where ``url`` is a page of ours that sends a form to it.
    """

    app_id: str
    url: str
    answers: bool = False
    leads_to: str = ""


@dataclass(frozen=True)
class AppProtocol:
    """What a protocol knows of the session named by its ``sid``. ``pages`` are made when they are shown: they may carry secrets."""

    participants: Callable[[Session, str], Iterable[Participant]]
    pages: Callable[[Session, str], Iterable[Farewell]]


def of_session(protocols: Sequence[AppProtocol], session: Session, sid: str) -> list[Participant]:
    """Everybody, each app once."""
    found: dict[str, Participant] = {}
    for protocol in protocols:
        for one in protocol.participants(session, sid):
            before = found.get(one.app_id, Participant(one.app_id))
            messages = (*before.messages, *one.messages)
            found[one.app_id] = Participant(one.app_id, messages, before.in_browser or one.in_browser)
    return list(found.values())
