"""The group that every command of the room joins."""

import gettext

import click

_ = gettext.gettext


@click.group(name="key", help=_("Signing keys: list, rotate, retire."))
def command() -> None:
    """The group."""
