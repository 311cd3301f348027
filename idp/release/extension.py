"""Where the protocols' rooms join in: what they end when a consent is taken back, and how an app is opened from here."""

from collections.abc import Callable, Sequence
from typing import cast

from flask import Flask, current_app

from idp.release.consent import TakeBack

TAKE_BACKS, OPENERS = "yima_take_backs", "yima_openers"

Opener = Callable[[str], str | None]
"""The address here that opens the app with this id; ``None`` where the protocol has no way to."""


def on_take_back(app: Flask, ending: TakeBack) -> None:
    """Has ``ending`` called in the transaction in which a consent is taken back."""
    app.extensions.setdefault(TAKE_BACKS, []).append(ending)


def take_backs() -> Sequence[TakeBack]:
    """Those of this application."""
    return cast(Sequence[TakeBack], current_app.extensions.get(TAKE_BACKS, ()))


def add_opener(app: Flask, opener: Opener) -> None:
    """Has ``opener`` asked how an app is opened."""
    app.extensions.setdefault(OPENERS, []).append(opener)


def opens(app_id: str) -> str | None:
    """The address that opens the app, by the first protocol that knows one."""
    openers = cast(Sequence[Opener], current_app.extensions.get(OPENERS, ()))
    return next((address for opener in openers if (address := opener(app_id)) is not None), None)
