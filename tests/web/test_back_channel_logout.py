"""Apps are told, from server to server, that a session has ended: on a click, elsewhere, and when its time is up."""

import dataclasses
import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from flask import Flask
from sqlalchemy import select

from idp import housekeeping, session_end
from idp.audit.tables import AuditEvent
from idp.crypto import base64url
from idp.deployment import Deployment
from idp.oidc.logout import back_channel
from idp.oidc.provider import make_provider
from idp.outbox import worker
from idp.outbox.tables import Message
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import Known
from tests.services.receiver import Receiver
from tests.web.conftest import sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty, register_app


@pytest.fixture
def handlers(deployment: Deployment) -> Iterator[dict[str, worker.Handler]]:
    settings = deployment.settings.model_copy(update={"allow_private_fetches": True})
    provider = make_provider(dataclasses.replace(deployment, settings=settings))
    yield {back_channel.KIND: back_channel.sender(provider)}
    provider.outgoing.close()


@pytest.fixture(params=["sm", "intl"])
def told(request: pytest.FixtureRequest, app: Flask, deployment: Deployment, school: str, receiver: Receiver) -> RelyingParty:
    """An app that wants to be told, on each issuer."""
    uri = receiver.url + "/sign-out"
    return register_app(app, deployment, school, issuer=request.param, trusted=True, backchannel_logout_uri=uri)


def sign_out(browser: Browser) -> None:
    browser.get("/logout")
    browser.submit(form=next(form for form in browser.page.forms if form.action.endswith("/logout")))


def waiting(deployment: Deployment) -> list[Message]:
    with deployment.reading() as session:
        return list(session.scalars(select(Message)))


def test_the_app_gets_one_token_that_says_whose_session_has_ended(
    browser: Browser,
    told: RelyingParty,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
) -> None:
    before = told.claims_of(told.exchange(sign_in_to(browser, told, person)).body["id_token"])
    sign_in_to(browser, told, person)  # twice from one session is still one session
    sign_out(browser)
    assert worker.run_due(deployment, handlers) == 1
    [(path, kind, body)] = receiver.received
    assert (path, kind) == ("/sign-out", "application/x-www-form-urlencoded")
    token = parse_qs(body.decode())["logout_token"][0]
    assert json.loads(base64url.decode(token.split(".")[0]))["typ"] == "logout+jwt"
    claims = told.claims_of(token)
    assert (claims["iss"], claims["aud"], claims["sub"], claims["sid"]) == (
        before["iss"],
        told.client_id,
        before["sub"],
        before["sid"],
    )
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert "nonce" not in claims
    assert claims["exp"] - int(clock.now().timestamp()) == 120
    assert waiting(deployment) == []
    assert worker.run_due(deployment, handlers) == 0


def test_apps_that_were_not_signed_in_to_and_apps_that_did_not_ask_are_not_told(
    browser: Browser, told: RelyingParty, rp: RelyingParty, person: Known, deployment: Deployment
) -> None:
    sign_in_to(browser, rp, person)
    sign_out(browser)
    assert waiting(deployment) == []


def test_a_session_whose_time_is_up_is_told_too(
    browser: Browser,
    told: RelyingParty,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
) -> None:
    token = told.exchange(sign_in_to(browser, told, person)).body["refresh_token"]
    assert housekeeping.end_expired_sessions(deployment, session_end.endings(deployment)) == 0
    clock.forward(seconds=deployment.settings.session_idle)
    assert housekeeping.end_expired_sessions(deployment, session_end.endings(deployment)) == 1
    assert housekeeping.end_expired_sessions(deployment, session_end.endings(deployment)) == 0
    worker.run_due(deployment, handlers)
    assert len(receiver.received) == 1
    assert told.refresh(token).error == "invalid_grant"


def test_an_app_that_does_not_answer_is_told_again_and_given_up_in_the_journal(
    browser: Browser,
    told: RelyingParty,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
) -> None:
    receiver.status = 503
    sign_in_to(browser, told, person)
    sign_out(browser)
    for pause in worker.PAUSES:
        assert worker.run_due(deployment, handlers) == 1
        assert worker.run_due(deployment, handlers) == 0
        clock.forward(seconds=pause.total_seconds())
    assert worker.run_due(deployment, handlers) == 1
    clock.forward(days=1)
    assert worker.run_due(deployment, handlers) == 0
    assert len(receiver.received) == 6
    assert len({parse_qs(body.decode())["logout_token"][0] for _, _, body in receiver.received}) == 6
    [message] = waiting(deployment)
    assert message.given_up_at is not None
    assert message.last_error == "status 503"
    with deployment.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "outbox.message.given_up")).one()
    assert (event.subject, event.outcome) == (f"app:{told.client_id}", "failure")


def test_an_app_that_comes_back_is_told_then(
    browser: Browser,
    told: RelyingParty,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
) -> None:
    receiver.status = 500
    sign_in_to(browser, told, person)
    sign_out(browser)
    worker.run_due(deployment, handlers)
    receiver.status = 204
    clock.forward(seconds=10)
    worker.run_due(deployment, handlers)
    assert waiting(deployment) == []


def test_of_twenty_servers_one_tells(
    browser: Browser,
    told: RelyingParty,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
) -> None:
    sign_in_to(browser, told, person)
    sign_out(browser)
    results = at_once(lambda _: worker.run_due(deployment, handlers))
    assert not [result for result in results if isinstance(result, Exception)]
    assert len(receiver.received) == 1


def test_a_server_that_died_while_telling_leaves_the_message_to_another(
    browser: Browser,
    told: RelyingParty,
    person: Known,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
) -> None:
    sign_in_to(browser, told, person)
    sign_out(browser)

    def dies(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        worker.run_due(deployment, {back_channel.KIND: dies})
    assert worker.run_due(deployment, handlers) == 0
    clock.forward(seconds=worker.LEASE.total_seconds())
    assert worker.run_due(deployment, handlers) == 1
    assert len(receiver.received) == 1
