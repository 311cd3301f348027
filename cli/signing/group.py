"""The group that the commands hang on."""

import gettext

import click

_ = gettext.gettext


@click.group(name="signing", help=_("The signing service: its keys, what apps may do with them, and signing files here."))
def command() -> None:
    """The group."""


@command.group(name="key", help=_("Keys of the service: add, show, rotate, stop them."))
def key() -> None:
    """The group of keys."""
