"""What every command needs around it: the installation, the actor, the question before something is destroyed."""

import getpass
import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from idp.audit import Actor, Transaction
from idp.deployment import Deployment, open_deployment
from idp.i18n import DEFAULT_LOCALE
from idp.settings import load

_ = gettext.gettext

json_option = click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
yes_option = click.option("--yes", is_flag=True, help=_("Do not ask."))
reason_option = click.option("--reason", help=_("Why; it is kept in the history."))

PARTLY_DONE = 3


def locale() -> str:
    """The language that ``main`` chose."""
    return os.environ.get("LANGUAGE") or DEFAULT_LOCALE


def operator() -> Actor:
    """Whoever runs the command, by the name they are logged in with."""
    try:
        return Actor(kind="operator", id=getpass.getuser()[:64])
    except (OSError, KeyError):  # a container whose user has no name
        return Actor(kind="operator", id=str(os.getuid()))


@contextmanager
def opened() -> Iterator[Deployment]:
    """The installation that the environment describes, closed at the end."""
    deployment = open_deployment(load())
    try:
        yield deployment
    finally:
        deployment.close()


@contextmanager
def changing() -> Iterator[tuple[Deployment, Transaction]]:
    """The installation and one transaction in the operator's name."""
    with opened() as deployment, deployment.transaction(operator()) as tx:
        yield deployment, tx


def confirm(question: str, yes: bool) -> None:
    """Asks before something that cannot be taken back; without a terminal to ask at, ``--yes`` is needed."""
    if not yes:
        click.confirm(question, abort=True, err=True)
