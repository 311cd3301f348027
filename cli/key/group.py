"""The group that every command of the room joins."""

import gettext

import click

_ = gettext.gettext


@click.group(name="key", help=_("The key ring: list, rotate, withdraw, re-seal, destroy."))
def command() -> None:
    """The group."""
