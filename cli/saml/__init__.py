"""``yima saml``: the SAML identity provider at the command line.

``sp`` enters apps and changes what is said of them, ``feed`` does so for a federation, ``record`` is how they are shown.
"""

import gettext
from textwrap import wrap

import click

from cli.frame import opened
from cli.saml.feed import feed
from cli.saml.sp import sp
from idp.sso.saml import own_metadata
from idp.sso.saml.server import make_server

_ = gettext.gettext


@click.group(name="saml", help=_("The SAML identity provider: apps that speak SAML."))
def command() -> None:
    """The group."""


@command.command(help=_("Print our metadata, for an app that reads it from a file."))
def metadata() -> None:
    """Prints."""
    with opened() as deployment, deployment.reading() as session:
        saml = make_server(deployment)
        click.echo(own_metadata.document(saml, session, deployment.clock.now()).decode())


@command.command(help=_("Print the certificates of our signing keys, for an app that verifies our metadata."))
def certificate() -> None:
    """Prints them as PEM, the newest first: the key that signs now, and those before and after it."""
    with opened() as deployment:
        for der in make_server(deployment).certificates(deployment.clock.now()).values():
            click.echo("\n".join(("-----BEGIN CERTIFICATE-----", *wrap(der, 64), "-----END CERTIFICATE-----")))


command.add_command(sp)
command.add_command(feed)

__all__ = ["command"]
