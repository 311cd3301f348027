"""Where other rooms join in: what they do when a session ends or an alarm is raised, their farewells, their panels on ``/me``,
their ways in on the sign-in page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app
from sqlalchemy.orm import Session

from idp.directory.reachability import Reachability
from idp.login.alarm import Revoking
from idp.login.flow import Flow
from idp.login.sessions import Ending, SignedIn

ENDINGS, FAREWELLS, PANELS = "yima_session_endings", "yima_farewells", "yima_account_panels"
REVOKINGS, WAYS_IN, DIRECTORIES = "yima_revokings", "yima_ways_in", "yima_directories"


@dataclass(frozen=True)
class Farewell:
    """A page of an app that ends what the app keeps in this browser, and the app's name."""

    name: str
    url: str


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


def on_alarm(app: Flask, revoking: Revoking) -> None:
    """Has ``revoking`` called in the same transaction when a person says that somebody else was at their account."""
    app.extensions.setdefault(REVOKINGS, []).append(revoking)


def revokings() -> Sequence[Revoking]:
    """Those of this application."""
    return cast(Sequence[Revoking], current_app.extensions.get(REVOKINGS, ()))


def on_farewell(app: Flask, pages: Callable[[Session, str], list[Farewell]]) -> None:
    """Has ``pages`` asked for the session (by its ``sid``) that somebody ends at their browser."""
    app.extensions.setdefault(FAREWELLS, []).append(pages)


def farewells(session: Session, sid: str) -> list[Farewell]:
    """The pages to show when the session ends."""
    return [page for pages in current_app.extensions.get(FAREWELLS, ()) for page in pages(session, sid)]


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
