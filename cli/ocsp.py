"""``yima ocsp``: the state of single certificates, as the responder tells it."""

import gettext
import secrets
from pathlib import Path

import click

from cli.ca.record import office, write_file
from cli.frame import json_option, opened, operator
from cli.output import print_record
from idp.certification import authorities, issuance
from idp.certification.status import responder
from idp.certification.status.responder import Reply, Responders
from idp.certification.tables import CertificateAuthority
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.ocsp import CertID, CertificateState, OCSPRequest, OCSPResponse
from idp.crypto.x509.ocsp.verify import check_response

_ = gettext.gettext

TITLES = {
    "serial": _("Serial number"),
    "state": _("State"),
    "reason": _("Reason"),
    "revoked_at": _("Revoked at"),
    "this_update": _("As of"),
    "next_update": _("Good until"),
}


@click.group(name="ocsp", help=_("The state of single certificates (OCSP)."))
def command() -> None:
    """The group."""


@command.command(help=_("Ask the responder about a certificate, with a nonce, and verify its answer as any app would."))
@click.argument("serial")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help=_("Where the answer is written too (DER)."))
@json_option
def ask(serial: str, out: Path | None, as_json: bool) -> None:
    """Asks."""
    with opened() as deployment:
        now = deployment.clock.now()
        with deployment.reading() as session:
            row = issuance.by_serial(session, serial)
            issuer = authorities.certificate_of(session.get_one(CertificateAuthority, row.authority_id))
            nonce = secrets.token_bytes(32)
            asked = OCSPRequest((CertID.of(issuer.subject, issuer.public_key, int(row.serial, 16)),), nonce)
            found = responder.reply(session, Responders(session, office(deployment)), asked.encode(), now)
        if not isinstance(found, Reply):
            with deployment.transaction(operator()) as tx:
                found = responder.sign_in_advance(tx, found)
    said = check_response(OCSPResponse.from_der(found.der), Certificate(row.der), issuer, now, nonce=nonce)
    if out is not None:
        write_file(out, found.der)
    print_record(
        {
            "serial": row.serial,
            "state": _word(said.state),
            "reason": said.state.reason.word if said.state.reason is not None else None,
            "revoked_at": said.state.revoked_at.isoformat() if said.state.revoked_at is not None else None,
            "this_update": said.this_update.isoformat(),
            "next_update": said.next_update.isoformat() if said.next_update is not None else None,
        },
        TITLES,
        as_json=as_json,
    )


def _word(state: CertificateState) -> str:
    if state.revoked_at is not None:
        return "revoked"
    return "good" if state.known else "unknown"
