"""``/upstream/<name>/callback``: back from another provider, to the sign-in that goes on or to the account that is linked."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers.response import Response

from idp.audit import Action, Transaction
from idp.errors import YimaError
from idp.login import browser, flow, throttle
from idp.login.errors import FlowLost, TooManyTries
from idp.login.routes.pages import Answer
from idp.registry import persons
from idp.upstream import links, pending, people, providers, trust
from idp.upstream.arrival import Arrival
from idp.upstream.errors import (
    AnswerRefused,
    LinkedToAnother,
    NoSuchUpstream,
    NotForThisPerson,
    NotLinked,
    ReturnLost,
    UpstreamError,
)
from idp.upstream.extension import server, title_of
from idp.upstream.kinds import Kind, Upstream
from idp.upstream.oidc.client import with_query
from idp.upstream.pending import Pending
from idp.upstream.routes.pages import refusal
from idp.upstream.routes.sign_in import PURPOSE
from idp.upstream.rules import Rules
from idp.upstream.tables import UpstreamProvider
from idp.web import context
from idp.web.csrf import protection

blueprint = Blueprint("upstream_callback", __name__, template_folder="../templates", url_prefix="/upstream")

MAX_PARAMETERS, MAX_VALUE, MAX_POSTED = 30, 8192, 256 * 1024
# Whose doing these may be: they are counted, so that nobody tries codes and states for long.
COUNTED = (AnswerRefused, ReturnLost, NotLinked, NotForThisPerson, LinkedToAnother)


@dataclass(frozen=True)
class Return:
    """A provider, and what it sent the browser back with."""

    row: UpstreamProvider
    kind: Kind
    rules: Rules
    upstream: Upstream
    pending: Pending
    answer: Mapping[str, str]


@blueprint.get("/<slug>/callback")
def back(slug: str) -> Answer:
    """Reads the return, asks the provider who it is, and goes on."""
    here = server()
    returned = None
    try:
        returned = _read(slug)
        with here.turn(slug, returned.upstream.title):
            arrival = returned.kind.arrive(here, returned.upstream, returned.answer, returned.pending.memory)
        if returned.pending.person_id is not None:
            return _link(returned, arrival)
        return _sign_in(returned, arrival)
    except (UpstreamError, TooManyTries) as error:
        return _refused(slug, returned, error)


@blueprint.post("/<slug>/callback")
def posted(slug: str) -> Response:
    """An answer that comes by another site's form: browsers leave our cookies out, so the same browser fetches it from here.

    Nothing is believed yet and nothing is changed: the return counts when the browser of the sign-in brings it.
    """
    here = server()
    with here.deployment.transaction(context.anonymous()) as tx:
        row = providers.by_slug(tx.session, slug)
        kind, _rules = providers.kind_and_rules(row)
        answer = _once(request.form.items(multi=True), MAX_POSTED)
        state = answer.get(kind.state_parameter, "")
        pending.keep_answer(tx, here.deployment.ring.vault, state, slug, answer)
    return redirect(with_query(url_for("upstream_callback.back", slug=slug), {kind.state_parameter: state}), 303)


protection.exempt(posted)


def _read(slug: str) -> Return:
    """The return that this browser is owed, spent by this. Raises :class:`ReturnLost`, :class:`TooManyTries` and others."""
    here = server()
    answer = _once(request.args.items(multi=True), MAX_VALUE)
    with here.deployment.transaction(context.anonymous()) as tx:
        throttle.check(tx.session, throttle.of_network(PURPOSE, context.client_network()), tx.now)
        row = providers.by_slug(tx.session, slug)
        if not row.enabled:
            raise NoSuchUpstream
        kind, rules = providers.kind_and_rules(row)
        waiting = pending.spend(tx, here.deployment.ring.vault, answer.get(kind.state_parameter, ""), slug, browser.secret())
    upstream = providers.open_upstream(here, row, title_of(row))
    return Return(row, kind, rules, upstream, waiting, waiting.posted if waiting.posted is not None else answer)


def _once(items: Iterable[tuple[str, str]], longest: int) -> dict[str, str]:
    """RFC 6749 §3.1: each parameter stands once. Raises :class:`ReturnLost`."""
    pairs = list(items)
    found = dict(pairs)
    if len(found) != len(pairs) or len(pairs) > MAX_PARAMETERS or any(len(value) > longest for value in found.values()):
        raise ReturnLost(detail="parameters twice, too many or too long")
    return found


def _sign_in(returned: Return, arrival: Arrival) -> Response:
    """The arrival is a first factor of the sign-in that was under way."""
    here, row = server(), returned.row
    mark = f"upstream/{row.slug}/{arrival.subject}"
    with here.deployment.transaction(context.anonymous()) as tx:
        found = flow.find(tx, returned.pending.flow_id or "", browser.secret())
        welcome = people.who(tx, here.deployment.ring.vault, row, returned.rules, arrival)
        proven = trust.proven(returned.rules, arrival)
        known = browser.known_for(mark) is not None
        site, person = here.site, welcome.person
        flow.prove_elsewhere(tx, site, found, person.id, level=proven.level, methods=proven.methods, device_known=known)
        detail = {"provider": row.slug, "how": welcome.how or "linked", "level": proven.level}
        tx.record(Action.UPSTREAM_ARRIVED, subject=f"person:{person.number}", detail=detail)
    response = redirect(url_for("login.show", flow=found.id))
    browser.keep_known(response, mark)
    return response


def _link(returned: Return, arrival: Arrival) -> Response:
    """The arrival opens the account of whoever is signed in here: they are whom they were when they left."""
    here, there = server(), browser.signed_in()
    if there is None or there.person_id != returned.pending.person_id:
        raise ReturnLost(detail="somebody else is signed in, or nobody")
    today = here.deployment.clock.now().date()
    with here.deployment.transaction(context.person(there.person_number)) as tx:
        person = persons.by_id(tx.session, there.person_id)
        if not people.may_come(tx.session, returned.row, person, today):
            raise NotForThisPerson(provider=returned.upstream.title)
        links.link(tx, here.deployment.ring.vault, returned.row, arrival.subject, person, people.BY_PERSON)
    return redirect(url_for("account.show"))


def _refused(slug: str, returned: Return | None, error: YimaError) -> Answer:
    """Says what happened and what to do. Why goes to the journal, for the operator who looks."""
    title, back = "", url_for("login.show")
    with server().deployment.transaction(context.anonymous()) as tx:
        if isinstance(error, COUNTED):
            throttle.count_failure(tx, throttle.of_network(PURPOSE, context.client_network()))
        if returned is not None:
            title, back = returned.upstream.title, _way_back(tx, returned.pending)
            error.params = {**error.params, "provider": title}
            detail = {"reason": error.code, "detail": error.detail or ""}
            tx.record(Action.UPSTREAM_TURNED_AWAY, subject=f"upstream:{slug}", outcome="failure", detail=detail)
    return refusal(error, title, back)


def _way_back(tx: Transaction, waiting: Pending) -> str:
    """The sign-in that goes on by other means, where it is still there, or the page that the link was begun on."""
    if waiting.person_id is not None:
        return url_for("account.show")
    with suppress(FlowLost):
        return url_for("login.show", flow=flow.find(tx, waiting.flow_id or "", browser.secret()).id)
    return url_for("login.show")
