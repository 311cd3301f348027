"""``/login/certificate``, at the name that asks browsers for a certificate: shown here, answered in the sign-in that sent it.

The two names share no cookie. So all that goes back is a ticket, through this very browser: whoever sends the address of their own
sign-in to somebody else is not signed in by that person's certificate.
"""

import re
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from werkzeug.wrappers.response import Response

from idp.audit import Action, Transaction
from idp.certification import presented
from idp.certification.errors import CertificateRefused
from idp.certification.tables import IssuedCertificate
from idp.crypto import sm3
from idp.errors import YimaError
from idp.mfa.factors.certificate import FIELD, PATH, present
from idp.web import client_certificate, context
from idp.web.address import certificate_reader
from idp.web.context import deployment
from idp.web.errors import message
from idp.web.locale import ask_for

blueprint = Blueprint("certificate_sign_in", __name__, template_folder="../templates")
_FLOW = re.compile(r"[A-Za-z0-9_-]{1,64}")
REFUSED = 403


@blueprint.get(PATH)
def show() -> Response | tuple[str, int]:
    """Back with a ticket, or a page that says why not."""
    here = deployment()
    if here.settings.certificate_sign_in == "off":
        raise NotFound
    ask_for(request.args.get("lang", ""))
    flow, challenge = request.args.get("flow", ""), request.args.get("challenge", "")
    try:
        der = client_certificate.read(certificate_reader(here.settings)(request.environ))
    except ValueError:
        der = b""
    if der is None:
        return _page(flow, None)
    with here.transaction(context.anonymous()) as tx:
        try:
            row, person = presented.check_person(tx.session, der, tx.now)
            ticket = present(tx, challenge, person.id, row.serial)
        except YimaError as error:  # caught here, so that it stands in the journal
            _note_refused(tx, der, error)
            return _page(flow, error)
        tx.record(Action.CERTIFICATE_SHOWN, subject=f"certificate:{row.serial}", institution=row.institution)
    back = "/login/certificate/back" if _FLOW.fullmatch(flow) else "/me/factors/certificate/back"
    query = {"challenge": challenge, FIELD: ticket, **({"flow": flow} if _FLOW.fullmatch(flow) else {})}
    response = redirect(f"{here.settings.public_url}{back}?{urlencode(query)}", 303)
    response.headers["Cache-Control"] = "no-store"
    return response


def _note_refused(tx: Transaction, der: bytes, error: YimaError) -> None:
    # Certificates of others are no event of ours: anybody could fill the journal with them.
    known = select(IssuedCertificate.serial).where(IssuedCertificate.fingerprint == sm3.digest(der).hex())
    serial = tx.session.scalar(known)
    if serial is not None:
        reason = str(error.params.get("reason", ""))
        detail = {"error": error.code, "reason": reason}
        tx.record(Action.CERTIFICATE_REFUSED, subject=f"certificate:{serial}", outcome="failure", detail=detail)


def _page(flow: str, error: YimaError | None) -> tuple[str, int]:
    """What was wrong, and the way back."""
    home = deployment().settings.public_url
    back = f"{home}/login?flow={flow}" if _FLOW.fullmatch(flow) else f"{home}/me"
    said = message(error) if error is not None else None
    page = render_template("certification/not_taken.html", error=said, back=back, refused=isinstance(error, CertificateRefused))
    return page, REFUSED
