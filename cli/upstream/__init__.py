"""``yima upstream``: other providers as a way in, at the command line.

``add`` enters one (a command for each protocol), ``options`` is what all of those share, ``manage`` looks at them and changes them,
``record`` is how they are shown.
"""

import gettext

import click

from cli.upstream.add import add
from cli.upstream.manage import COMMANDS

_ = gettext.gettext


@click.group(name="upstream", help=_("Other providers as a way in: OpenID, WeCom and platforms like it, CAS."))
def command() -> None:
    """The group."""


command.add_command(add)
for one in COMMANDS:
    command.add_command(one)

__all__ = ["command"]
