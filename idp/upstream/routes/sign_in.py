"""``/upstream/<name>/start``: away to another provider, from the sign-in page; and the public keys that we prove ourselves by."""

import logging

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers.response import Response

from idp.login import browser, flow, throttle
from idp.login.flow import Flow
from idp.login.routes.pages import Answer
from idp.upstream import pending, providers
from idp.upstream.errors import NoSuchUpstream, UpstreamError
from idp.upstream.extension import server, title_of
from idp.upstream.kinds import Asked
from idp.upstream.oidc.client import PRIVATE_KEY, signer_of
from idp.upstream.routes.pages import refusal
from idp.web import context
from idp.web.locale import current

blueprint = Blueprint("upstream", __name__, template_folder="../templates", url_prefix="/upstream")

log = logging.getLogger("yima.upstream")

MAX_USER_AGENT = 500
PURPOSE = "upstream"


def way_in(session: Session, found: Flow, school: str) -> str:
    """The buttons on the sign-in page; nothing where there are none."""
    anew = found.requirement.force or found.requirement.max_age is not None
    shown = [(row.slug, title_of(row)) for row in providers.shown(session, school, anew=anew)]
    return render_template("upstream/ways.html", ways=shown, flow=found) if shown else ""


@blueprint.get("/<slug>/start")
def start(slug: str) -> Answer:
    """Sends the browser away. What it will be asked there is bound to this browser and this sign-in, and good for one return."""
    here = server()
    vault = here.deployment.ring.vault
    with here.deployment.transaction(context.anonymous()) as tx:
        throttle.check(tx.session, throttle.of_network(PURPOSE, context.client_network()), tx.now)
        found = flow.find(tx, request.args.get("flow", ""), browser.secret())
        anew = found.requirement.force or found.requirement.max_age is not None
        row = next((one for one in providers.shown(tx.session, None, anew=anew) if one.slug == slug), None)
        if row is None:
            raise NoSuchUpstream
    upstream = providers.open_upstream(here, row, title_of(row))
    kind, _rules = providers.kind_and_rules(row)
    asked = Asked(pending.new_state(), anew, request.user_agent.string[:MAX_USER_AGENT], current())
    try:
        with here.turn(slug, upstream.title):
            departure = kind.depart(here, upstream, asked)
    except UpstreamError as error:
        log.info("%s: %s %s", slug, error.code, error.detail or "")
        return refusal(error, upstream.title, url_for("login.show", flow=found.id))
    with here.deployment.transaction(context.anonymous()) as tx:
        pending.keep(tx, vault, asked.state, slug, browser.secret(), departure.memory, flow_id=found.id)
    response = redirect(departure.url)
    browser.keep_secret(response)
    return response


@blueprint.get("/<slug>/jwks")
def jwks(slug: str) -> Response:
    """The public half of our key for a provider to which we prove ourselves by one (RFC 7523)."""
    here = server()
    with here.deployment.reading() as session:
        row = providers.by_slug(session, slug)
    upstream = providers.open_upstream(here, row)
    if PRIVATE_KEY not in upstream.secrets or row.kind != "oidc":
        raise NoSuchUpstream
    return jsonify({"keys": [signer_of(upstream).public_jwk()]})
