"""``yima cert requests``, ``approve`` and ``refuse``: what came over HTTP and waits for an officer."""

import gettext

import click

from cli.ca.record import office
from cli.cert.group import command
from cli.cert.record import TITLES, record
from cli.frame import changing, json_option, opened
from cli.output import print_record, print_rows
from idp.certification.enrolment import requests
from idp.crypto import sm3
from idp.crypto.x509.request import CertificateRequest

_ = gettext.gettext

COLUMNS = {
    "number": _("Request"),
    "handle": _("Enrolment"),
    "profile": _("Profile"),
    "holder": _("For"),
    "subject": _("Asked for"),
    "fingerprint": _("SM3 fingerprint"),
    "received": _("Received"),
}


@command.command(name="requests", help=_("List the requests that came over HTTP and wait for an officer."))
@json_option
def list_requests(as_json: bool) -> None:
    """Lists them."""
    with opened() as deployment, deployment.reading() as session:
        rows = [
            {
                "number": one.id,
                "handle": right.handle,
                "profile": right.profile,
                "holder": right.common_name or ", ".join(right.names) or right.institution,
                "subject": str(CertificateRequest.from_der(one.request).subject),
                "fingerprint": sm3.digest(one.request).hex(),
                "received": one.received_at.isoformat(timespec="seconds"),
            }
            for one, right in requests.waiting(session)
        ]
    print_rows(rows, COLUMNS, as_json=as_json)


@command.command(help=_("Approve a request that waits: compare its fingerprint with the applicant's first."))
@click.argument("number", type=int)
@json_option
def approve(number: int, as_json: bool) -> None:
    """Approves it; the applicant's next try gets the certificate."""
    with changing() as (deployment, tx):
        row = requests.approve(tx, office(deployment), number)
        print_record(record(tx.session, row, tx.now), TITLES, as_json=as_json)


@command.command(help=_("Refuse a request that waits. The applicant may ask again with another key."))
@click.argument("number", type=int)
@click.option("--reason", required=True, help=_("Why; it is kept in the journal."))
@json_option
def refuse(number: int, reason: str, as_json: bool) -> None:
    """Refuses it."""
    with changing() as (_deployment, tx):
        requests.refuse(tx, number, reason)
    print_record({"number": number, "reason": reason}, {"number": _("Request"), "reason": _("Reason")}, as_json=as_json)
