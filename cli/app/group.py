"""The group that every command of the room joins."""

import gettext

import click

_ = gettext.gettext


@click.group(name="app", help=_("Apps that sign people in here."))
def command() -> None:
    """The group."""
