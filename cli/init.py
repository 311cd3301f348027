"""``yima init``."""

import gettext

import click

from idp.deployment import initialise
from idp.settings import load

_ = gettext.gettext


@click.command(name="init", help=_("Create the database, the master key and the signing keys. What is there already stays."))
def command() -> None:
    """Initialises."""
    settings = load()
    deployment = initialise(settings)
    keys = len(deployment.ring.current().rows)
    deployment.close()
    click.echo(_("Ready: %(keys)s keys in %(home)s.") % {"keys": keys, "home": settings.home})
    click.echo(_("Back up the database and the master key, in different places."))
