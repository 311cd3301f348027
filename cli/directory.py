"""``yima directory``: schools whose passwords are in OpenLDAP, Active Directory or OpenDJ."""

import gettext
import sys
from pathlib import Path
from typing import Any

import click

from cli.frame import changing, confirm, json_option, locale, opened, yes_option
from cli.output import print_record, print_rows
from idp.directory import probe, registration
from idp.directory.described import USUAL_ROLES, Described
from idp.directory.errors import InvalidDirectory
from idp.directory.probe import Tried
from idp.directory.tables import Directory
from idp.errors import YimaError
from idp.i18n import N_, translate
from idp.registry.affiliations import ADMINISTRATORS, Role

_ = gettext.gettext

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
TITLES = {
    "directory": _("Number"),
    "institution": _("School"),
    "enabled": _("In use"),
    "servers": _("Servers"),
    "bind_name": _("Name to bind with"),
    "base": _("Search below"),
    "filter": _("Filter"),
    "account_name": _("Searches as"),
    "roles": _("Roles"),
    "seconds": _("Seconds"),
    "fallback": _("Password here counts while it is down"),
    "password_page": _("Passwords are changed at"),
}
LIST_COLUMNS = {key: TITLES[key] for key in ("directory", "institution", "enabled", "servers", "roles")}
TRIED = {
    "server": _("Server"),
    "answers": _("Answers"),
    "name": _("Found"),
    "right": _("Password right"),
    "error": _("What is wrong"),
}


@click.group(name="directory", help=_("Passwords that a school keeps in LDAP or Active Directory."))
def command() -> None:
    """The group."""


@command.command(help=_("Enter a directory of SCHOOL (a code), switched off: first test it, then enable it."))
@click.argument("school")
@click.option(
    "--server", "servers", multiple=True, required=True, help=_("ldaps://host or ldap://host (with StartTLS); repeatable.")
)
@click.option("--ca-file", type=FILE, help=_("The certificates that theirs must come from; PEM. Without it: the system's."))
@click.option("--plain", is_flag=True, help=_("No TLS, for a server on this very machine alone."))
@click.option("--bind-name", default="", help=_("The name to bind with, like uid={number},ou=people,dc=school,dc=edu,dc=cn"))
@click.option("--base", default="", help=_("Below which entry people are searched."))
@click.option("--filter", "filter_", default="", help=_("The filter to search with, like (uid={number})"))
@click.option("--account", "account_name", default="", help=_("The name of the account that searches; its password is asked for."))
@click.option("--account-password-file", type=FILE, help=_("Its password, in a file."))
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role if role not in ADMINISTRATORS]),
    multiple=True,
    default=[role.value for role in USUAL_ROLES],
    help=_("Whose passwords are there; repeatable. Students, teachers and staff, unless you say so."),
)
@click.option("--seconds", type=float, default=5.0, show_default=True, help=_("How long one server may take."))
@click.option("--fallback", is_flag=True, help=_("While it is down, a password that is kept here counts."))
@click.option("--password-page", default="", help=_("Where people change their password; an https address."))
@json_option
def add(school: str, ca_file: Path | None, filter_: str, account_password_file: Path | None, as_json: bool, **said: Any) -> None:
    """Enters."""
    authorities = ca_file.read_text(encoding="utf-8", errors="replace") if ca_file else ""
    described = Described.of(authorities=authorities, filter=filter_, **said)
    password = _account_password(described, account_password_file)
    with changing() as (deployment, tx):
        shown = _record(registration.add(tx, deployment.ring.vault, school, described, password))
    print_record(shown, TITLES, as_json=as_json)
    if not as_json:
        number = shown["directory"]
        click.echo("\n" + _("Nobody signs in by it yet. Try it, then switch it on:"))
        click.echo(f"    yima directory test {number} --number 20260001 --ask-password\n    yima directory enable {number}")


@command.command("list", help=_("List the directories."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        rows = [_record(row) for row in registration.listed(session)]
    print_rows(rows, LIST_COLUMNS, as_json=as_json)


@command.command(help=_("Show everything that is said of a directory."))
@click.argument("directory", type=int)
@json_option
def show(directory: int, as_json: bool) -> None:
    """Shows."""
    with opened() as deployment, deployment.reading() as session:
        shown = _record(registration.by_id(session, directory))
    print_record(shown, TITLES, as_json=as_json)


@command.command(help=_("Ask every server as a sign-in would. Exit code 1 if one does not answer, finds nobody or refuses."))
@click.argument("directory", type=int)
@click.option("--number", default="", help=_("A student or staff number to look for."))
@click.option("--email", default="", help=_("An e-mail address to look for."))
@click.option("--phone", default="", help=_("A phone number to look for."))
@click.option("--person", default="", help=_("A person number to look for."))
@click.option("--ask-password", is_flag=True, help=_("Ask for the password, and try it."))
@json_option
def test(directory: int, ask_password: bool, as_json: bool, **values: str) -> None:
    """Asks."""
    with opened() as deployment, deployment.reading() as session:
        ready = registration.ready(deployment.ring.vault, registration.by_id(session, directory))
    password = click.prompt(_("Password"), hide_input=True, err=True) if ask_password else ""
    tried = [probe.probe(ready, server, values, password) for server in ready.described.servers]
    looked = any(values.get(place) for place in ready.described.wanted)
    rows = [_tried(one, looked=looked) for one in tried]
    print_rows(rows, TRIED, as_json=as_json)
    sys.exit(1 if any(row["error"] for row in rows) else 0)


@command.command(help=_("Have people sign in by it from now on."))
@click.argument("directory", type=int)
@json_option
def enable(directory: int, as_json: bool) -> None:
    """Switches on."""
    with changing() as (_deployment, tx):
        shown = _record(registration.enable(tx, directory))
    print_record(shown, TITLES, as_json=as_json)


@command.command(help=_("Stop asking it: people then need a password that is kept here."))
@click.argument("directory", type=int)
@json_option
def disable(directory: int, as_json: bool) -> None:
    """Switches off."""
    with changing() as (_deployment, tx):
        shown = _record(registration.disable(tx, directory))
    print_record(shown, TITLES, as_json=as_json)


@command.command(help=_("Forget a directory and the password of its account."))
@click.argument("directory", type=int)
@yes_option
def remove(directory: int, yes: bool) -> None:
    """Forgets."""
    confirm(_("Forget directory %(directory)s? Whose password is there signs in no more.") % {"directory": directory}, yes)
    with changing() as (_deployment, tx):
        registration.remove(tx, directory)


def _account_password(described: Described, file: Path | None) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    if not described.account_name:
        return ""
    if not sys.stdin.isatty():
        raise InvalidDirectory(field="account_password_file", reason=N_("it is missing"))
    return str(click.prompt(_("Password of the account that searches"), hide_input=True, err=True))


def _record(row: Directory) -> dict[str, Any]:
    described = Described(**row.described).model_dump(mode="json", exclude={"authorities", "plain"})
    return {"directory": row.id, "institution": row.institution, "enabled": row.enabled, **described}


def _tried(one: Tried, *, looked: bool) -> dict[str, Any]:
    wrong = _text(one.error) if one.error else ""
    if not wrong and looked and not one.name:
        wrong = _("It finds nobody, or more than one.")
    shown = f"{wrong} ({one.detail})" if one.detail else wrong
    return {"server": one.server, "answers": one.answers, "name": one.name, "right": one.right, "error": shown or None}


def _text(error: YimaError) -> str:
    return translate(error.message, locale())
