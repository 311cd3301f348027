"""``/me/releases``: what was told about me to which app, to read and to take along."""

import csv
import io
import json

from flask import Blueprint, Response, redirect, render_template, url_for
from werkzeug.wrappers.response import Response as AnyResponse

from idp.login import browser
from idp.release import report
from idp.release.report import Release
from idp.release.scopes import SCOPE_OF, SCOPES
from idp.web.context import deployment

blueprint = Blueprint("releases", __name__, template_folder="../templates")

SHOWN = 200
_COLUMNS = ("day", "app", "client_id", "place", "claims", "count", "last_at")


@blueprint.get("/me/releases")
def show() -> str | AnyResponse:
    """The newest, in words."""
    mine = _mine(SHOWN)
    if mine is None:
        return redirect(url_for("account.show"))
    return render_template("release/releases.html", rows=[(row, _words(row)) for row in mine], shown=SHOWN)


@blueprint.get("/me/releases.json")
def as_json() -> AnyResponse:
    """Everything, for a program."""
    mine = _mine(None)
    if mine is None:
        return redirect(url_for("account.show"))
    body = json.dumps([row.to_json() for row in mine], ensure_ascii=False, indent=2)
    return _download(body, "application/json", "releases.json")


@blueprint.get("/me/releases.csv")
def as_csv() -> AnyResponse:
    """Everything, for a spreadsheet: with the mark by which it knows UTF-8, and no cell that it would take for a formula."""
    mine = _mine(None)
    if mine is None:
        return redirect(url_for("account.show"))
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for row in mine:
        members = row.to_json() | {"claims": " ".join(row.claims)}
        writer.writerow([_harmless(str(members[name])) for name in _COLUMNS])
    return _download("\ufeff" + file.getvalue(), "text/csv", "releases.csv")


def _mine(limit: int | None) -> list[Release] | None:
    there = browser.signed_in()
    if there is None:
        return None
    with deployment().reading() as session:
        return report.of_person(session, there.person_id, limit)


def _words(row: Release) -> list[str]:
    """What the claims say, in the words of the consent page, each once."""
    scopes = dict.fromkeys(SCOPE_OF.get(name, "openid") for name in row.claims)
    return [SCOPES[name].words for name in scopes]


def _harmless(text: str) -> str:
    return "'" + text if text[:1] in "=+-@\t\r" else text


def _download(body: str, kind: str, name: str) -> Response:
    return Response(body, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
