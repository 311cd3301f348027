"""Looking at the ring."""

import gettext

from cli.frame import json_option, opened
from cli.key.group import command
from cli.key.record import COLUMNS, record
from cli.output import print_rows
from idp.keys import adoption

_ = gettext.gettext


@command.command("list", help=_("List the keys. Private halves are never shown."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment:
        with deployment.reading() as session:
            places = adoption.places(session)
        print_rows([record(deployment, row, places) for row in deployment.ring.current().rows], COLUMNS, as_json=as_json)
