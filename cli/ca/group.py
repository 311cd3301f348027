"""The group that every command of the room joins."""

import gettext

import click

_ = gettext.gettext


@click.group(name="ca", help=_("Certificate authorities: found them, sign and accept their certificates."))
def command() -> None:
    """The group."""
