"""A person's own certificates at ``/me``: when they end, and putting one on hold whose key may be in wrong hands."""

from contextlib import suppress

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers.response import Response

from idp.certification import issuance, profiles
from idp.certification.errors import AlreadyRevoked, NoSuchCertificate
from idp.certification.status import revocation
from idp.certification.status.revocation import Cause
from idp.crypto.x509.reasons import Reason
from idp.login.routes.guards import recently_signed_in
from idp.login.routes.pages import field
from idp.login.sessions import SignedIn
from idp.web import context
from idp.web.context import deployment
from idp.web.locale import current

blueprint = Blueprint("own_certificates", __name__, template_folder="../templates")


def panel(there: SignedIn) -> str:
    """The panel's HTML; nothing for whoever has none."""
    here = deployment()
    kinds = profiles.load(here.settings.ca_profiles)
    with here.reading() as session:
        rows = []
        for row in revocation.of_person(session, there.person_id, here.clock.now()):
            ended = revocation.current(session, row)
            state = "" if ended is None else "held" if ended.reason == Reason.CERTIFICATE_HOLD else "revoked"
            title = kinds[row.profile].title if row.profile in kinds.names() else None
            rows.append({"row": row, "state": state, "title": getattr(title, current(), row.profile)})
    return render_template("certification/own.html", rows=rows) if rows else ""


@blueprint.post("/me/certificates/hold")
@recently_signed_in
def hold(there: SignedIn) -> Response:
    """Puts one of one's own on hold. What is on hold or revoked already stays as it is."""
    with deployment().transaction(context.person(there.person_number)) as tx, suppress(NoSuchCertificate, AlreadyRevoked):
        row = issuance.by_serial(tx.session, field("serial", 64))
        if row.person_id == there.person_id:
            revocation.hold(tx, row, cause=Cause.HOLDER)
    return redirect(url_for("account.show"))
