"""``yima key master``: the master key itself."""

import gettext
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.frame import changing, json_option, opened, operator, yes_option
from cli.frame import confirm as ask
from cli.key.group import command
from cli.output import print_record
from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.crypto.devices.reference import KeyReference
from idp.deployment import Deployment
from idp.keys.errors import MasterKeyChanged
from idp.keys.master import change, files
from idp.keys.master.change import Changed

_ = gettext.gettext

SHOWN = {
    "name": _("Master key"),
    "source": _("Read from"),
    "device": _("Opened by"),
    "waiting": _("A change was begun"),
    "old": _("Kept of those before"),
    "custodians": _("Split among"),
    "threshold": _("Needed of them"),
    "set": _("Set"),
}
CHANGED = {"before": _("Before"), "after": _("After"), "keys": _("Keys sealed anew"), "old": _("Kept of those before")}


@command.group(help=_("The master key, which seals all other keys: show, rotate, confirm."))
def master() -> None:
    """The group."""


@master.command(help=_("Show which master key is in use, where it is read from, and who holds shares of it. Never the key itself."))
@json_option
def show(as_json: bool) -> None:
    """Shows."""
    with opened() as deployment:
        name, settings = deployment.ring.newest().master.current, deployment.settings
        with deployment.reading() as session:
            split = _last_split(session)
        good = split if split is not None and split["master"] == name else None
        shown = {
            "name": name,
            "source": "YIMA_MASTER_KEY" if settings.master_key is not None else str(settings.home / files.FILE_NAME),
            "device": str(place) if (place := files.place(settings)) is not None else None,
            "waiting": (settings.home / files.NEXT_NAME).exists(),
            "old": [str(path) for path in change.put_aside(settings)],
            "custodians": [one["custodian"] for one in good["shares"]] if good else [],
            "threshold": good["threshold"] if good else None,
            "set": good["set"] if good else None,
        }
        print_record(shown, SHOWN, as_json=as_json)


@master.command(
    help=_(
        "A new master key: every other key is sealed anew under it. The old file is kept beside it until `yima key master "
        "confirm`; shares of the old one become void."
    )
)
@yes_option
@json_option
def rotate(yes: bool, as_json: bool) -> None:
    """Rotates."""
    ask(_("Every key is sealed anew; copies and shares of the old master key then open old backups only. Go on?"), yes)
    with opened() as deployment:
        settings = deployment.settings
        done, void = change_master(deployment)
    shown = {"before": done.before, "after": done.after, "keys": done.keys}
    print_record(shown | {"old": [str(path) for path in change.put_aside(settings)]}, CHANGED, as_json=as_json)
    tell_of_change(deployment, done, void)


def change_master(deployment: Deployment) -> tuple[Changed, dict[str, Any] | None]:
    """Changes the master key; returns what was done, and the last set of shares, which may be void now."""
    before = deployment.ring.newest().master
    after = change.prepare(deployment.settings, before.current)
    with deployment.transaction(operator()) as tx:
        done = change.change(tx, before, after)
        void = _last_split(tx.session)
    deployment.ring.newest()
    return done, void


def tell_of_change(deployment: Deployment, done: Changed, void: dict[str, Any] | None) -> None:
    """What is left for the operator to do after it."""
    settings = deployment.settings
    if settings.master_key is not None:
        path = settings.home / files.NEXT_NAME
        click.echo(_("The new key is in %(path)s. Put it into YIMA_MASTER_KEY, restart, and confirm.") % {"path": path}, err=True)
    elif not settings.database.startswith("sqlite"):
        path = settings.home / files.FILE_NAME
        click.echo(_("Copy %(path)s to every other server of this database.") % {"path": path}, err=True)
    if void is not None and void["master"] == done.before:
        text = _("The shares of set %(set)s restore the old key only, for old backups. Run `yima key split` again.")
        click.echo(text % {"set": void["set"]}, err=True)


@master.command(
    help=_(
        "Wrap the master key for the encryption key of a device: from then on the file is worth nothing without it, and every start"
        " needs it."
    )
)
@click.option("--key", "reference", metavar="sdf:LABEL#INDEX", required=True, help=_("The key of the device."))
@yes_option
@json_option
def wrap(reference: str, yes: bool, as_json: bool) -> None:
    """Wraps."""
    _rewritten(
        KeyReference.parse(reference), _("Is the master key split among custodians, or kept in another safe place?"), yes, as_json
    )


@master.command(help=_("Put the master key itself into its file again, for a start without the device."))
@yes_option
@json_option
def unwrap(yes: bool, as_json: bool) -> None:
    """Unwraps."""
    _rewritten(None, _("Whoever reads the file then has the master key. Go on?"), yes, as_json)


@master.command(help=_("Remove the old master key's file, once the new key is safe: in a backup, and on every server."))
@yes_option
@json_option
def confirm(yes: bool, as_json: bool) -> None:
    """Confirms."""
    ask(_("Backups from before the change need the old key, from another place. Remove it here?"), yes)
    with opened() as deployment:
        name, settings = deployment.ring.newest().master.current, deployment.settings
        if files.in_use(settings).name != name:
            raise MasterKeyChanged
        gone = change.confirm(settings, name)
    print_record(
        {"name": name, "gone": [str(path) for path in gone]}, {"name": SHOWN["name"], "gone": _("Removed")}, as_json=as_json
    )


def _rewritten(reference: KeyReference | None, question: str, yes: bool, as_json: bool) -> None:
    ask(question, yes)
    with changing() as (deployment, tx):
        key = change.wrap(tx, deployment.settings, reference)
        path = deployment.settings.home / files.FILE_NAME
    shown = {"name": key.name, "source": str(path), "device": str(reference) if reference is not None else None}
    print_record(shown, {name: SHOWN[name] for name in shown}, as_json=as_json)


def _last_split(session: Session) -> dict[str, Any] | None:
    mine = select(AuditEvent.detail).where(AuditEvent.action == Action.MASTER_SPLIT.value)
    return session.scalar(mine.order_by(AuditEvent.seq.desc()).limit(1))
