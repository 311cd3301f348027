"""``yima ca tokens``: which authority certifies the keys that sign tokens here."""

import gettext
from typing import Any

import click

from cli.ca.group import command
from cli.ca.record import office
from cli.frame import changing, json_option, opened
from cli.output import print_json, print_rows
from idp.certification import authorities
from idp.certification.tokens import keys as token_keys
from idp.certification.tokens import upkeep as token_upkeep
from idp.crypto.x509.certificate import Certificate
from idp.deployment import Deployment
from idp.keys import chains
from idp.keys.states import state

_ = gettext.gettext

COLUMNS = {
    "kid": _("Key"),
    "state": _("State"),
    "serial": _("Serial number"),
    "valid_until": _("Valid until"),
    "certificates": _("Certificates shown"),
}


@command.command(
    help=_("Let an authority certify the keys that sign tokens here, so that whoever trusts its root can verify them; or show it.")
)
@click.argument("name", required=False)
@click.option("--off", is_flag=True, help=_("Nobody certifies them any more; the key set shows no certificates."))
@json_option
def tokens(name: str | None, off: bool, as_json: bool) -> None:
    """Sets it, certifies at once, shows the keys."""
    if off and name is not None:
        raise click.UsageError(_("Give either a name or --off."))
    if off or name is not None:
        with changing() as (deployment, tx):
            if name is not None:
                token_keys.set_authority(tx, authorities.by_name(tx.session, name))
            else:
                token_keys.leave_authority(tx, chains.certifiable(tx.session, tx.now, deployment.settings.longest_token))
    with opened() as deployment:
        if name is not None:
            token_upkeep.keep(deployment, office(deployment))
        shown = _shown(deployment)
    if as_json:
        print_json(shown)
        return
    click.echo(_("Authority: %(name)s") % {"name": shown["authority"] or _("none")})
    print_rows(shown["keys"], COLUMNS, as_json=False)


def _shown(deployment: Deployment) -> dict[str, Any]:
    now = deployment.clock.now()
    with deployment.reading() as session:
        authority = token_keys.authority_of(session)
        rows = []
        for key in chains.certifiable(session, now, deployment.settings.longest_token):
            chain = [Certificate(der) for der in chains.chain_of(key)]
            rows.append(
                {
                    "kid": key.kid,
                    "state": state(key, now).value,
                    "serial": f"{chain[0].serial_number:x}" if chain else None,
                    "valid_until": chain[0].tbs.not_after.isoformat() if chain else None,
                    "certificates": len(chain),
                }
            )
        return {
            "authority": authority.name if authority is not None else None,
            "issuer": deployment.settings.public_url,
            "keys": rows,
        }
