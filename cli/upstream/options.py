"""What every provider is told at its entry, whatever protocol it speaks."""

import gettext
from collections.abc import Callable
from typing import Any, TextIO, TypeVar

import click

from cli.frame import json_option
from idp.registry.documents import DocumentKind
from idp.upstream.arrival import FIELDS
from idp.upstream.providers import Wanted
from idp.upstream.rules import HIGHEST_TRUSTED, MATCHES, REGISTERED_AS, Rules

_ = gettext.gettext

Command = TypeVar("Command", bound=Callable[..., Any])

ROLES = [role.value for role in REGISTERED_AS]
secret_option = click.option(
    "--secret-file", type=click.File(), help=_("The file that holds our secret there; - reads it from standard input.")
)

_OPTIONS = (
    click.option("--title", help=_("What the button says, in Chinese.")),
    click.option("--title-en", default="", help=_("The same in English.")),
    click.option(
        "--institution",
        "institutions",
        multiple=True,
        help=_("A school whose people it may sign in; all without it. May be repeated."),
    ),
    click.option(
        "--match",
        type=click.Choice(MATCHES),
        multiple=True,
        help=_("A number by which people are found: the provider has verified it. May be repeated."),
    ),
    click.option("--numbers-of", default="", help=_("The school whose student and staff numbers it tells.")),
    click.option(
        "--document-kind",
        type=click.Choice([kind.value for kind in DocumentKind]),
        default=DocumentKind.CITIZEN.value,
        help=_("What the document is that it tells the number of."),
    ),
    click.option(
        "--field",
        "fields",
        type=(click.Choice(FIELDS), str),
        multiple=True,
        metavar="NAME PLACE",
        help=_("Where in its answer something stands; may be repeated."),
    ),
    click.option(
        "--level",
        "levels",
        type=(str, click.IntRange(1, HIGHEST_TRUSTED)),
        multiple=True,
        metavar="VALUE LEVEL",
        help=_("The level that a value of acr or amr is believed for; may be repeated."),
    ),
    click.option("--register", help=_("Register people at their first sign-in, into this school.")),
    click.option("--register-as", type=click.Choice(ROLES), help=_("As what, where the answer says nothing else.")),
    click.option(
        "--role",
        "roles",
        type=(str, click.Choice(ROLES)),
        multiple=True,
        metavar="VALUE ROLE",
        help=_("As what, for a value of the affiliation; may be repeated."),
    ),
    click.option(
        "--require",
        "required",
        type=(str, str),
        multiple=True,
        metavar="PLACE VALUE",
        help=_("Register only those in whose answer this stands; may be repeated."),
    ),
    json_option,
)


def shared(function: Command) -> Command:
    """Adds these options to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def wanted(slug: str, kind: str, settings: dict[str, Any], secrets: dict[str, str], said: dict[str, Any]) -> Wanted:
    """The provider to enter, from what the options said. Raises :class:`InvalidUpstream`."""
    rules: dict[str, Any] = {name: said[name] for name in ("match", "numbers_of", "document_kind")}
    rules["levels"] = dict(said["levels"])
    if said["register"]:
        required: dict[str, list[str]] = {}
        for place, value in said["required"]:
            required.setdefault(place, []).append(value)
        rules["register"] = {
            "institution": said["register"],
            "role": said["register_as"],
            "roles": dict(said["roles"]),
            "required": required,
        }
    return Wanted(
        slug=slug,
        kind=kind,
        title_zh=said["title"] or slug,
        title_en=said["title_en"] or ("" if said["title"] else slug),
        settings=settings,
        rules=Rules.of(**rules),
        institutions=said["institutions"],
        secrets=secrets,
    )


def read_secret(file: TextIO | None) -> str:
    """The secret in a file, without the line's end."""
    return file.read(16384).strip() if file is not None else ""
