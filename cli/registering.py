"""What registering an app and its rules has in common, whichever of the protocols of single sign-on the app speaks."""

import gettext
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from idp.apps.tables import App

_ = gettext.gettext

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Any], Any]

SCHOOL = click.option("--school", help=_("Whose student and staff numbers are meant; the owner's, unless you say so."))
LEVEL = click.option(
    "--acr",
    "required_level",
    type=click.IntRange(1, 4),
    help=_("The level every sign-in must reach; 2 is a second factor."),
)
TRUSTED = click.option(
    "--trusted/--not-trusted",
    default=None,
    help=_("One of the school's own: people are not asked again what it may know."),
)
PLAIN_HTTP = click.option("--plain-http/--https-only", default=None, help=_("For an old app that has no https."))

_PARTICULARS = (
    click.argument("name"),
    click.option("--owner", required=True, help=_("The code of the institution whose app it is.")),
    click.option("--contact", required=True, help=_("Whom to ask about it: an e-mail address.")),
    click.option("--purpose", required=True, help=_("What it is for, in words that people understand.")),
    click.option(
        "--why", nargs=2, multiple=True, metavar="SCOPE TEXT", help=_("What it needs a piece of data for; people read this.")
    ),
)

_FIRST = ("name", "owner", "contact", "purpose", "status", "scopes")


def with_options(options: Sequence[Option]) -> Callable[[Command], Command]:
    """Adds options to a command, in their order."""

    def add(function: Command) -> Command:
        for option in reversed(options):
            function = option(function)
        return function

    return add


particulars = with_options(_PARTICULARS)
"""Adds what is said of every app: ``name``, ``owner``, ``contact``, ``purpose``, and ``why``, pairs of a scope and its reason."""


def said(options: dict[str, Any]) -> dict[str, Any]:
    """The rules that the options name."""
    return {name: value for name, value in options.items() if value not in (None, ())}


def of_register(app: App) -> dict[str, Any]:
    """What is shown first of every app."""
    return {"client_id": app.id, **{name: getattr(app, name) for name in _FIRST}}
