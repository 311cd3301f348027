"""Where other rooms join in: what they do when a session ends or an alarm is raised, who is told of it, their panels on ``/me``,
their ways in on the sign-in page.
"""

from collections.abc import Callable, Sequence
from typing import cast

from flask import Flask, current_app
from sqlalchemy.orm import Session

from idp.directory.reachability import Reachability
from idp.login.alarm import Revoking
from idp.login.flow import Flow
from idp.login.participants import AppProtocol, Farewell
from idp.login.sessions import Ending, SignedIn

ENDINGS, PROTOCOLS, PANELS = "yima_session_endings", "yima_app_protocols", "yima_account_panels"
REVOKINGS, WAYS_IN, DIRECTORIES = "yima_revokings", "yima_ways_in", "yima_directories"


Panel = Callable[[SignedIn], str]
"""A part of the self-service page: its HTML, already safe."""


WayIn = Callable[[Session, Flow, str], str]
"""A part of the page that asks for account and password: its HTML, already safe. The text is the chosen school's code, or empty."""


def on_end(app: Flask, ending: Ending) -> None:
    """Has ``ending`` called in the same transaction whenever a session ends."""
    app.extensions.setdefault(ENDINGS, []).append(ending)


def endings() -> Sequence[Ending]:
    """Those of this application."""
    return cast(Sequence[Ending], current_app.extensions.get(ENDINGS, ()))


def endings_of(app: Flask) -> Sequence[Ending]:
    """Those of ``app``, the ones that are still to join in among them, for work outside of its requests."""
    return cast(Sequence[Ending], app.extensions.setdefault(ENDINGS, []))


def on_alarm(app: Flask, revoking: Revoking) -> None:
    """Has ``revoking`` called in the same transaction when a person says that somebody else was at their account."""
    app.extensions.setdefault(REVOKINGS, []).append(revoking)


def revokings() -> Sequence[Revoking]:
    """Those of this application."""
    return cast(Sequence[Revoking], current_app.extensions.get(REVOKINGS, ()))


def revokings_of(app: Flask) -> Sequence[Revoking]:
    """Those of ``app``, the ones that are still to join in among them, for work outside of its requests."""
    return cast(Sequence[Revoking], app.extensions.setdefault(REVOKINGS, []))


def add_protocol(app: Flask, protocol: AppProtocol) -> None:
    """Has a protocol asked for the pages of its apps when somebody signs out in their browser."""
    app.extensions.setdefault(PROTOCOLS, []).append(protocol)


def farewells(session: Session, sid: str) -> list[Farewell]:
    """The pages to show when the session ends."""
    return [page for protocol in current_app.extensions.get(PROTOCOLS, ()) for page in protocol.pages(session, sid)]


def add_panel(app: Flask, panel: Panel) -> None:
    """Adds a part to the self-service page."""
    app.extensions.setdefault(PANELS, []).append(panel)


def panels() -> Sequence[Panel]:
    """Those of this application."""
    return cast(Sequence[Panel], current_app.extensions.get(PANELS, ()))


def add_way_in(app: Flask, way: WayIn) -> None:
    """Adds a part to the page that asks for account and password: another first factor."""
    app.extensions.setdefault(WAYS_IN, []).append(way)


def ways_in() -> Sequence[WayIn]:
    """Those of this application."""
    return cast(Sequence[WayIn], current_app.extensions.get(WAYS_IN, ()))


def directories() -> Reachability:
    """Which servers of directories answered this process."""
    return cast(Reachability, current_app.extensions.setdefault(DIRECTORIES, Reachability()))
