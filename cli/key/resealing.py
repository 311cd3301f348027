"""Bringing everything under the newest key, and destroying the keys before."""

import gettext
import sys

import click

from cli.frame import PARTLY_DONE, changing, confirm, json_option, opened, operator, yes_option
from cli.key.group import command
from cli.key.record import COLUMNS, record
from cli.output import print_json, print_rows
from idp.audit import Action
from idp.deployment import Deployment
from idp.keys import destruction, resealing
from idp.keys.resealing import Resealed
from idp.keys.states import Purpose
from idp.sealed import PLACES, VERIFIER

_ = gettext.gettext


@command.command(
    help=_(
        "Seal everything anew that an older key has sealed. It can be stopped and begun again at any moment, also while the "
        "server runs. Exit code 3 if something could not be opened."
    )
)
@click.option("--count", "only_count", is_flag=True, help=_("Only say how much is left."))
@json_option
def reseal(only_count: bool, as_json: bool) -> None:
    """Re-seals."""
    with opened() as deployment:
        vaults = deployment.ring.vaults
        waiting = resealing.left(deployment.database, vaults, PLACES)
        result = resealing.Resealed()
        if waiting and not only_count:
            result = seal_anew(deployment, sum(waiting.values()), hidden=as_json)
            waiting = resealing.left(deployment.database, vaults, PLACES)
        with deployment.reading() as session:
            peppers = [row.kid for row in deployment.ring.newest().rows if row.purpose == Purpose.PASSWORD][:-1]
            passwords = {kid: count for kid in peppers if (count := destruction.made_by(session, VERIFIER, kid))}
    done = dict(sorted(result.done.items()))
    if as_json:
        print_json({"resealed": done, "left": waiting, "unreadable": result.unreadable, "passwords_under_older_keys": passwords})
    else:
        rows = [{"place": name, "done": done.get(name, 0), "left": waiting.get(name, 0)} for name in sorted({*done, *waiting})]
        print_rows(rows, {"place": _("Place"), "done": _("Sealed anew"), "left": _("Left")}, as_json=False)
        for name in result.unreadable:
            click.echo(_("No key opens %(place)s.") % {"place": name}, err=True)
        if not waiting:
            click.echo(_("Everything is sealed under the newest keys."))
        for kid, count in passwords.items():
            text = _("%(count)s passwords still need %(kid)s: each changes over when its person signs in.")
            click.echo(text % {"count": count, "kid": kid})
    if result.unreadable:
        sys.exit(PARTLY_DONE)


def seal_anew(deployment: Deployment, total: int, *, hidden: bool) -> Resealed:
    """Re-seals, with a bar where there is a terminal, and writes it down."""
    label, hidden = _("Sealing anew"), hidden or not sys.stderr.isatty()
    with click.progressbar(length=total, label=label, file=sys.stderr, hidden=hidden) as bar:
        result = resealing.reseal(deployment.database, deployment.ring.vaults, PLACES, bar.update)
    with deployment.transaction(operator()) as tx:
        detail = {"done": dict(result.done), "unreadable": len(result.unreadable)}
        tx.record(Action.SECRETS_RESEALED, subject="keys:sealing", detail=detail)
    return result


@command.command(help=_("Destroy an old key for good. It is refused as long as anything needs the key."))
@click.argument("kid")
@yes_option
@json_option
def destroy(kid: str, yes: bool, as_json: bool) -> None:
    """Destroys."""
    confirm(_("%(kid)s will be gone for good: only a backup still has it. Go on?") % {"kid": kid}, yes)
    with changing() as (deployment, tx):
        longest = deployment.settings.longest_token
        shown = record(deployment, destruction.destroy(tx, PLACES, VERIFIER, kid, longest_token=longest), {})
    print_rows([shown], COLUMNS, as_json=as_json)
