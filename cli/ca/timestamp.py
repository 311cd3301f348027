"""``yima ca timestamp``: the time-stamp service of an authority."""

import gettext

import click

from cli.ca.group import command
from cli.ca.record import office
from cli.frame import changing, json_option
from cli.output import print_record
from idp.certification import authorities
from idp.certification.tables import IssuedCertificate
from idp.certification.timestamping import keys as timestamp_keys
from idp.certification.timestamping import stamps as timestamps
from idp.certification.timestamping.keys import MAX_ACCURACY_MS, MIN_ACCURACY_MS

_ = gettext.gettext

TITLES = {
    "authority": _("Authority"),
    "url": _("Address"),
    "policy": _("Policy"),
    "accuracy_ms": _("Accuracy (ms)"),
    "serial": _("Serial number"),
    "valid_until": _("Valid until"),
    "given": _("Time-stamps given"),
}


@command.command(help=_("Start the time-stamp service of an authority, or change what it says; show where it is."))
@click.argument("name")
@click.option("--policy", help=_("The object identifier of its policy; without it the one it has, or a fresh one of its own."))
@click.option(
    "--accuracy",
    type=click.IntRange(MIN_ACCURACY_MS, MAX_ACCURACY_MS),
    default=MIN_ACCURACY_MS,
    show_default=True,
    help=_("How far its clock may be off, in milliseconds; the time in a stamp is in whole seconds."),
)
@json_option
def timestamp(name: str, policy: str | None, accuracy: int, as_json: bool) -> None:
    """Starts it, or changes it."""
    with changing() as (deployment, tx):
        authority = authorities.by_name(tx.session, name)
        row = timestamp_keys.set_up(tx, office(deployment), authority, policy=policy, accuracy_ms=accuracy)
        certificate = tx.session.get_one(IssuedCertificate, row.certificate_id)
        shown = {
            "authority": name,
            "url": f"{office(deployment).url}/ca/{name}/tsa",
            "policy": row.policy,
            "accuracy_ms": row.accuracy_ms,
            "serial": certificate.serial,
            "valid_until": certificate.not_after.isoformat(),
            "given": timestamps.count(tx.session, authority),
        }
    print_record(shown, TITLES, as_json=as_json)
