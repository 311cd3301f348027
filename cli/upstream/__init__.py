"""``yima upstream``: other providers as a way in, at the command line.

``add`` enters one (a command for each protocol; ``saml`` has that of SAML), ``options`` is what all of those share, ``manage``
looks at them and changes them, ``record`` is how they are shown.
"""

import gettext

import click

from cli.upstream.add import add
from cli.upstream.manage import COMMANDS
from cli.upstream.saml import our_metadata, saml

_ = gettext.gettext


@click.group(name="upstream", help=_("Other providers as a way in: OpenID, WeCom and platforms like it, CAS, SAML."))
def command() -> None:
    """The group."""


add.add_command(saml)
command.add_command(add)
for one in (*COMMANDS, our_metadata):
    command.add_command(one)

__all__ = ["command"]
