"""``yima key revoke`` and ``emergency``: keys that are, or may be, in wrong hands."""

import gettext
import sys
from datetime import UTC, datetime
from typing import Any

import click

from cli.frame import PARTLY_DONE, confirm, json_option, opened, operator, yes_option
from cli.key.group import command
from cli.key.master import change_master, tell_of_change
from cli.key.resealing import seal_anew
from cli.output import print_json, print_rows
from idp import emergency as rules
from idp import session_end
from idp.deployment import Deployment
from idp.emergency import Revoked
from idp.keys import resealing
from idp.keys.sealing import SEALING
from idp.keys.states import Purpose
from idp.sealed import PLACES

_ = gettext.gettext

EVER = datetime(2000, 1, 1, tzinfo=UTC)
COLUMNS = {
    "kid": _("Key"),
    "purpose": _("Purpose"),
    "successor": _("Takes its place"),
    "certificate": _("Certificate that was revoked"),
}
REASON = click.option("--reason", required=True, help=_("Why; the journal keeps it."))
SESSIONS = click.option("--end-sessions", is_flag=True, help=_("Also end everybody's sessions and refresh tokens; apps are told."))
SINCE = click.option(
    "--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help=_("Only those that began then or later (UTC).")
)


@command.command(
    help=_(
        "Take a key out of use at once, because it is in wrong hands: another takes over, what a signing key signed no longer "
        "verifies and its certificate is revoked, what a sealing key sealed is sealed anew."
    )
)
@click.argument("kid")
@REASON
@SESSIONS
@SINCE
@yes_option
@json_option
def revoke(kid: str, reason: str, end_sessions: bool, since: datetime | None, yes: bool, as_json: bool) -> None:
    """Revokes one."""
    confirm(_("%(kid)s will never be used again, and tokens signed with it stop verifying. Go on?") % {"kid": kid}, yes)
    with opened() as deployment:
        with deployment.transaction(operator()) as tx:
            done = [rules.revoke_key(tx, deployment, kid, reason)]
        _finish(deployment, done, end_sessions=end_sessions, since=since, as_json=as_json)


@command.command(
    help=_(
        "A copy of this machine is in wrong hands: a new master key, new keys for tokens and secrets, everything sealed anew. "
        "Keys in devices and the key for SAML stay."
    )
)
@REASON
@SESSIONS
@SINCE
@yes_option
@json_option
def emergency(reason: str, end_sessions: bool, since: datetime | None, yes: bool, as_json: bool) -> None:
    """Revokes all that can be."""
    confirm(_("Every key will change, and every token that was signed until now stops verifying. Go on?"), yes)
    with opened() as deployment:
        changed, void = change_master(deployment)  # first: the keys that follow must not be sealed under the one that was copied
        with deployment.transaction(operator()) as tx:
            done = rules.revoke_all(tx, deployment, reason)
        tell_of_change(deployment, changed, void)
        _finish(deployment, done, end_sessions=end_sessions, since=since, as_json=as_json)


def _finish(deployment: Deployment, done: list[Revoked], *, end_sessions: bool, since: datetime | None, as_json: bool) -> None:
    deployment.ring.newest()
    shown: dict[str, Any] = {
        "revoked": [
            {"kid": one.kid, "purpose": one.purpose, "successor": one.successor, "certificate": one.certificate} for one in done
        ],
        "key_set_seconds": deployment.settings.jwks_max_age,
    }
    unreadable: list[str] = []
    if any(one.purpose in SEALING for one in done):
        waiting = resealing.left(deployment.database, deployment.ring.vaults, PLACES)
        result = seal_anew(deployment, sum(waiting.values()), hidden=as_json)
        unreadable = result.unreadable
        shown |= {"resealed": result.done.total(), "unreadable": unreadable}
    if end_sessions:
        moment = since.replace(tzinfo=UTC) if since is not None else EVER
        ended = rules.end_sessions(deployment, operator(), moment, session_end.endings(deployment))
        shown |= {"sessions_ended": ended[0], "token_families_ended": ended[1]}
    if as_json:
        print_json(shown)
    else:
        print_rows(shown["revoked"], COLUMNS, as_json=False)
        _tell(done, shown)
    if unreadable:
        sys.exit(PARTLY_DONE)


def _tell(done: list[Revoked], shown: dict[str, Any]) -> None:
    for place in shown.get("unreadable", ()):
        click.echo(_("No key opens %(place)s.") % {"place": place}, err=True)
    if any(one.purpose == Purpose.TOKEN for one in done):
        text = _("Our own endpoints refuse the old tokens within seconds. Apps keep the old key set for up to %(seconds)s seconds.")
        click.echo(text % {"seconds": shown["key_set_seconds"]}, err=True)
    for one in done:
        if one.purpose in SEALING:
            click.echo(_("In a minute: `yima key destroy %(kid)s`.") % {"kid": one.kid}, err=True)
        elif one.purpose == Purpose.PASSWORD:
            click.echo(
                _("Passwords change over when their people sign in; until then they need %(kid)s.") % {"kid": one.kid}, err=True
            )
    if "sessions_ended" in shown:
        text = _("%(sessions)s sessions and %(families)s families of tokens were ended.")
        click.echo(text % {"sessions": shown["sessions_ended"], "families": shown["token_families_ended"]}, err=True)
