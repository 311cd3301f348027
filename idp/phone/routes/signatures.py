"""``/me/signatures``: what the person has signed with the phone, to read and to take along."""

import json

from flask import Blueprint, render_template
from werkzeug.exceptions import NotFound
from werkzeug.wrappers.response import Response

from idp.login.routes.guards import signed_in
from idp.login.routes.pages import Answer
from idp.login.sessions import SignedIn
from idp.mfa.errors import NoSuchFactor
from idp.mfa.factors.cosign import evidence
from idp.mfa.factors.cosign.message import DOMAIN
from idp.mfa.factors.cosign.tables import CosignSignature
from idp.web.context import deployment

blueprint = Blueprint("signatures", __name__, template_folder="../templates")


def panel(there: SignedIn) -> str:
    """The way to it from the self-service page; nothing for people who never signed."""
    with deployment().reading() as session:
        rows = evidence.latest(session, there.person_id)
    return render_template("phone/panel.html", count=len(rows)) if rows else ""


@blueprint.get("/me/signatures")
@signed_in
def show(there: SignedIn) -> Answer:
    """The list, each with its whole message."""
    with deployment().reading() as session:
        rows = evidence.latest(session, there.person_id)
    return render_template("phone/signatures.html", signatures=[(row, _members(row)) for row in rows])


@blueprint.get("/me/signatures/<int:number>.json")
@signed_in
def export(there: SignedIn, number: int) -> Answer:
    """One signature as a file that anybody can verify."""
    with deployment().reading() as session:
        try:
            row = evidence.find(session, there.person_id, number)
        except NoSuchFactor:
            raise NotFound from None
    body = json.dumps(evidence.exported(row), ensure_ascii=False, indent=2)
    headers = {"Content-Disposition": f'attachment; filename="signature-{number}.json"'}
    return Response(body, mimetype="application/json", headers=headers)


def _members(row: CosignSignature) -> dict[str, object]:
    members: dict[str, object] = json.loads(row.message.removeprefix(f"{DOMAIN}\n"))
    return members
