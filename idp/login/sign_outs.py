"""One sign-out: every app of a session is told, and a page shows how that stands.

The rows are written in the transaction that ends the session, whatever ends it, and the messages with them: who dies in between
has told all or nobody. How a message stands is the outbox's to say; a row adds what happened in the browser.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.apps.tables import App
from idp.audit import Transaction
from idp.crypto import sm3
from idp.login.participants import AppProtocol, of_session
from idp.login.sessions import Ending
from idp.login.tables import SignOutPage, SignOutResult
from idp.outbox import queue, standing
from idp.outbox.standing import Standing

LIFETIME = timedelta(hours=1)
"""How long the page can be looked at."""
REMEMBERED = timedelta(days=1)
"""How long the rows stay: messages are tried again for little more than an hour."""
# An app's page in a frame answers within this, or it counts as not answering. (The browser's own "load" may still come.)
FRAME_PATIENCE = timedelta(seconds=6)
# A page that nobody looks at any more need not ask; somebody who does can reload it.
LIVE = timedelta(minutes=10)

WAITING, DONE, FAILED = "waiting", "done", "failed"


class State(StrEnum):
    """How it stands with one app, from good to bad."""

    DONE = "done"
    WAITING = "waiting"
    AGAIN = "again"
    """It did not answer, and is told again."""
    NO_ANSWER = "no_answer"
    """It did not answer in this browser, which is the only way to tell it."""
    BY_HAND = "by_hand"
    """It cannot be told, or no longer."""


_ORDER = list(State)
_OF_SERVER = {
    Standing.DONE: State.DONE,
    Standing.WAITING: State.WAITING,
    Standing.AGAIN: State.AGAIN,
    Standing.GIVEN_UP: State.BY_HAND,
}


@dataclass(frozen=True)
class Onward:
    """Where the browser goes after the sign-out: a link, or with ``fields`` a form that is posted."""

    url: str
    fields: dict[str, str] | None = None


@dataclass(frozen=True)
class Line:
    """One app on the page. ``frame``: its page has yet to be shown in this browser; ``told_here``: what was to do here is done."""

    number: int
    app_id: str
    sid: str
    name: str
    state: State
    frame: bool
    told_here: bool


@dataclass(frozen=True)
class Shown:
    """The page. ``here``: it is this browser that was signed out, so that apps' pages can be shown in it."""

    id: str
    here: bool
    lines: tuple[Line, ...]
    onward: Onward | None
    age: timedelta

    @property
    def over(self) -> bool:
        """Whether nothing is going to change by itself."""
        moving = any(line.state in (State.WAITING, State.AGAIN) for line in self.lines)
        return not moving or self.age > LIVE

    @property
    def told_here(self) -> bool:
        """Whether every app that is told in this browser has done it: then the browser may go on by itself."""
        return all(line.told_here for line in self.lines)


def telling(protocols: Sequence[AppProtocol]) -> Ending:
    """What is to be done when a session ends: a row for each app of it, and the messages to those that have a server for it."""

    def tell(tx: Transaction, sid: str) -> None:
        for one in of_session(protocols, tx.session, sid):
            row = SignOutResult(sid=sid, app_id=one.app_id, by_server=bool(one.messages), created_at=tx.now)
            row.in_browser = WAITING if one.in_browser else None
            tx.session.add(row)
            tx.session.flush()
            for message in one.messages:
                subject = f"app:{one.app_id}"
                queue.put(tx, message.kind, message.payload, subject=subject, url=message.url, topic=_topic(row.id))

    return tell


def mark_of(session_token: str) -> str:
    """What the browser is known by to the page: two tabs that sign out at once have the same. Random where there is no session."""
    return sm3.digest(b"signed out\x00" + session_token.encode()).hex() if session_token else secrets.token_hex(32)


def open_page(
    tx: Transaction, sids: Sequence[str], mark: str, *, here: bool, onward: Onward | None = None, asked_by: str | None = None
) -> str | None:
    """A page about sessions that have just ended, for the browser that keeps ``mark``; returns its id.

    ``None`` where there is nothing to show: no app, or, with somewhere to go ``onward``, none that must be told in the browser.
    ``asked_by`` is the app that asked for the sign-out: it need not be told.
    """
    rows = tx.session.scalars(select(SignOutResult).where(SignOutResult.sid.in_(sids))).all()
    if not any(row.in_browser for row in rows) if onward is not None and here else not rows:
        return None
    page = SignOutPage(id=secrets.token_urlsafe(32), browser_hash=_digest(mark), sids=list(sids), here=here, created_at=tx.now)
    page.onward = {"url": onward.url, "fields": onward.fields} if onward is not None else None
    page.asked_by = asked_by
    tx.session.add(page)
    return page.id


def find(session: Session, page_id: str, mark: str, now: datetime) -> Shown | None:
    """The page, for the browser it belongs to."""
    row = session.get(SignOutPage, page_id[:43])
    if row is None or not secrets.compare_digest(row.browser_hash, _digest(mark)) or now >= row.created_at + LIFETIME:
        return None
    onward = Onward(row.onward["url"], row.onward["fields"]) if row.onward is not None else None
    return Shown(row.id, row.here, tuple(_lines(session, row, now)), onward, now - row.created_at)


def page_of(session: Session, mark: str) -> str | None:
    """The page of the sign-out that another tab of this browser was first with."""
    statement = select(SignOutPage.id).where(SignOutPage.browser_hash == _digest(mark))
    return session.scalar(statement.order_by(SignOutPage.created_at.desc()).limit(1))


def left_out(session: Session, sids: Sequence[str], asked_by: str) -> bool:
    """Whether an app of these sessions, which have ended, cannot be told without a browser; ``asked_by`` need not be told."""
    rows = select(SignOutResult.id).where(SignOutResult.sid.in_(sids), SignOutResult.app_id != asked_by)
    return session.scalar(rows.where(SignOutResult.by_server.is_(False)).limit(1)) is not None


def belongs(session: Session, mark: str, sid: str) -> bool:
    """Whether the browser that keeps ``mark`` has just signed out of the session."""
    statement = select(SignOutPage.sids).where(SignOutPage.browser_hash == _digest(mark), SignOutPage.here)
    return any(sid in sids for sids in session.scalars(statement))


def answered(tx: Transaction, sid: str, app_id: str, *, well: bool) -> None:
    """Notes what became of the app's page in the browser. What is done stays done."""
    noting = update(SignOutResult).where(
        SignOutResult.sid == sid, SignOutResult.app_id == app_id, SignOutResult.in_browser.in_((WAITING, FAILED))
    )
    tx.session.execute(noting.values(in_browser=DONE if well else FAILED).execution_options(synchronize_session=False))


def state_of(by_server: Standing | None, in_browser: str | None, *, here: bool, age: timedelta) -> State:
    """How it stands with an app that is told these ways; ``here`` as on the page, ``age`` since the sign-out."""
    found = []
    if by_server is not None:
        found.append(_OF_SERVER[by_server])
    if in_browser == DONE:
        found.append(State.DONE)
    elif in_browser is not None and here:
        found.append(State.WAITING if in_browser == WAITING and age < FRAME_PATIENCE else State.NO_ANSWER)
    # Neither way, or only by a browser that is elsewhere.
    return max(found, key=_ORDER.index, default=State.BY_HAND)


def _lines(session: Session, page: SignOutPage, now: datetime) -> list[Line]:
    statement = select(SignOutResult, App.name).join(App, App.id == SignOutResult.app_id)
    rows = session.execute(statement.where(SignOutResult.sid.in_(page.sids)).order_by(App.name, SignOutResult.id)).all()
    stands = standing.of(session, [_topic(row.id) for row, _ in rows if row.by_server])
    found = []
    for row, name in rows:
        if row.app_id == page.asked_by and not row.by_server and row.in_browser is None:
            continue  # it has ended its own
        by_server = stands.get(_topic(row.id))
        state = state_of(by_server, row.in_browser, here=page.here, age=now - page.created_at)
        frame, told_here = page.here and row.in_browser == WAITING, row.in_browser in (None, DONE)
        found.append(Line(row.id, row.app_id, row.sid, name, state, frame, told_here))
    return found


def _topic(number: int) -> str:
    return f"sign_out:{number}"


def _digest(mark: str) -> str:
    return sm3.digest(mark.encode()).hex()
