"""Where other rooms join in: what they do when a session ends, and their panels on the self-service page."""

from collections.abc import Callable, Sequence
from typing import cast

from flask import Flask, current_app

from idp.login.sessions import Ending, SignedIn

ENDINGS, PANELS = "yima_session_endings", "yima_account_panels"

Panel = Callable[[SignedIn], str]
"""A part of the self-service page: its HTML, already safe."""


def on_end(app: Flask, ending: Ending) -> None:
    """Has ``ending`` called in the same transaction whenever a session ends."""
    app.extensions.setdefault(ENDINGS, []).append(ending)


def endings() -> Sequence[Ending]:
    """Those of this application."""
    return cast(Sequence[Ending], current_app.extensions.get(ENDINGS, ()))


def add_panel(app: Flask, panel: Panel) -> None:
    """Adds a part to the self-service page."""
    app.extensions.setdefault(PANELS, []).append(panel)


def panels() -> Sequence[Panel]:
    """Those of this application."""
    return cast(Sequence[Panel], current_app.extensions.get(PANELS, ()))
