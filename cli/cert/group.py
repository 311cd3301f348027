"""The group that every command of the room joins."""

import gettext

import click

_ = gettext.gettext


@click.group(name="cert", help=_("Certificates: issue, show, verify, hold, revoke."))
def command() -> None:
    """The group."""
