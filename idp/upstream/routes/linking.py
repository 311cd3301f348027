"""``/me/upstream``: a person links accounts elsewhere with their own, and takes the links away."""

from contextlib import suppress

from flask import Blueprint, make_response, redirect, render_template, request, url_for

from idp.login import browser
from idp.login.routes.factor_pages import number
from idp.login.routes.guards import recently_signed_in
from idp.login.routes.pages import Answer, field
from idp.login.sessions import SignedIn
from idp.registry import persons
from idp.upstream import links, pending, people, providers
from idp.upstream.errors import NoSuchLink, NoSuchUpstream
from idp.upstream.extension import server, title_of
from idp.upstream.kinds import Asked
from idp.upstream.routes.sign_in import MAX_USER_AGENT
from idp.web import context
from idp.web.locale import current

blueprint = Blueprint("upstream_linking", __name__, template_folder="../templates", url_prefix="/me/upstream")


def panel(there: SignedIn) -> str:
    """The links on the self-service page, and what could be linked; nothing where there is no provider."""
    here = server()
    today = here.deployment.clock.now().date()
    with here.deployment.reading() as session:
        person = persons.by_id(session, there.person_id)
        mine = [(link, title_of(row), row.enabled) for link, row in links.of_person(session, person.id)]
        linked = {link.provider for link, _, _ in mine}
        offered = [
            (row.slug, title_of(row))
            for row in providers.shown(session, None)
            if row.slug not in linked and people.may_come(session, row, person, today)
        ]
    return render_template("upstream/panel.html", links=mine, offered=offered) if mine or offered else ""


@blueprint.post("/link")
@recently_signed_in
def link(there: SignedIn) -> Answer:
    """The page that leads to the provider. Its link is the way, not the form: a form that ended elsewhere would need to be let."""
    here = server()
    slug = field("provider", 32)
    with here.deployment.reading() as session:
        row = providers.by_slug(session, slug)
    if not row.enabled:
        raise NoSuchUpstream
    upstream = providers.open_upstream(here, row, title_of(row))
    kind, _rules = providers.kind_and_rules(row)
    # Not the session that somebody else has left there: whose account it is must be shown now, where that can be.
    anew = kind.can_ask_anew(upstream.settings)
    asked = Asked(pending.new_state(), anew, request.user_agent.string[:MAX_USER_AGENT], current())
    with here.turn(slug, upstream.title):
        departure = kind.depart(here, upstream, asked)
    with here.deployment.transaction(context.person(there.person_number)) as tx:
        vault = here.deployment.ring.vault
        pending.keep(tx, vault, asked.state, slug, browser.secret(), departure.memory, person_id=there.person_id)
    page = render_template("upstream/link.html", provider=upstream.title, target=departure.url)
    response = make_response(page)
    browser.keep_secret(response)
    return response


@blueprint.post("/unlink")
@recently_signed_in
def unlink(there: SignedIn) -> Answer:
    """Takes a link away; the account elsewhere opens nothing here any more."""
    with suppress(NoSuchLink), server().deployment.transaction(context.person(there.person_number)) as tx:
        links.unlink(tx, persons.by_id(tx.session, there.person_id), number(field("link", 12)) or -1)
    return redirect(url_for("account.show"))
