"""Client-Initiated Backchannel Authentication (CIBA Core 1.0): an app names a person, who agrees on their phone."""

import dataclasses
import json
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.apps.errors import InvalidRegistration
from idp.crypto.jose import generate_signer, jwt
from idp.deployment import Deployment
from idp.notices import book
from idp.notices.events import Event
from idp.notices.tables import Notice
from idp.oidc.decoupled import ciba
from idp.oidc.provider import make_provider
from idp.outbox import worker
from idp.outbox.tables import Message
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import PASSWORD, Known, make_person
from tests.services.receiver import Receiver
from tests.web.conftest import Phone, give_totp, sign_in_to
from tests.web.pages import HOST, Browser, Page
from tests.web.relying_party import Answer, RelyingParty, register_app

GRANT = "urn:openid:params:grant-type:ciba"
NOTIFY = "a-token-of-the-app-with-128-bits"


@pytest.fixture(params=["sm", "intl"])
def desk(request: pytest.FixtureRequest, app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """The school's service desk, on each issuer: a member of staff asks whether the person is who they say."""
    return desk_app(app, deployment, school, issuer=request.param)


def desk_app(app: Flask, deployment: Deployment, school: str, **changes: object) -> RelyingParty:
    usual: dict[str, object] = {
        "name": "服务台",
        "grant_types": (GRANT, "refresh_token"),
        "redirect_uris": (),
        "backchannel_token_delivery_mode": "poll",
    }
    return register_app(app, deployment, school, **{**usual, **changes})


def begin(desk: RelyingParty, person: Known, **changes: str | None) -> Answer:
    wanted = {"scope": "openid profile", "login_hint": person.number, "binding_message": "服务台 7", **changes}
    return desk.authenticated("bc-authorize", {name: value for name, value in wanted.items() if value is not None})


def poll(desk: RelyingParty, started: Answer) -> Answer:
    return desk.authenticated("token", {"grant_type": GRANT, "auth_req_id": started.body["auth_req_id"]})


def asked(browser: Browser, person: Known, phone: Phone) -> Page:
    """Signs in with the second factor and stands before the question."""
    browser.get("/approvals")
    browser.sign_in(person.number, PASSWORD)
    return browser.submit(code=phone.code())


def test_the_person_agrees_with_their_second_factor_and_the_app_gets_tokens(
    browser: Browser, desk: RelyingParty, person: Known, phone: Phone, clock: SettableClock
) -> None:
    started = begin(desk, person)
    assert (started.status, started.body["expires_in"], started.body["interval"]) == (200, 300, 5)
    assert poll(desk, started).error == "authorization_pending"
    page = asked(browser, person, phone)
    for words in ("服务台", "第一小学", "服务台 7", "您的姓名"):
        assert words in page.text
    assert "已允许" in browser.submit(decision="agree").text
    clock.forward(seconds=5)
    tokens = poll(desk, started)
    claims = desk.claims_of(tokens.body["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:yima:acr:2", ["pwd", "otp", "mfa"])
    assert desk.userinfo(tokens.body["access_token"]).body["name"] == "林小雨"
    assert desk.refresh(tokens.body["refresh_token"]).status == 200
    assert poll(desk, started).error == "invalid_grant"


def test_a_password_alone_is_not_enough_to_agree(
    browser: Browser, desk: RelyingParty, person: Known, deployment: Deployment, clock: SettableClock
) -> None:
    browser.get("/me")
    browser.sign_in(person.number, PASSWORD)
    phone = give_totp(deployment, person, clock)
    begin(desk, person)
    assert "有应用在询问" in browser.get("/me").text
    browser.get("/approvals")
    page = browser.submit(decision="agree")
    assert "code" in page.form("code").fields
    browser.submit(code=phone.code())
    assert "已允许" in browser.submit(decision="agree").text


def test_an_old_sign_in_is_not_enough_either(
    browser: Browser, desk: RelyingParty, person: Known, phone: Phone, clock: SettableClock
) -> None:
    asked(browser, person, phone)
    clock.forward(minutes=11)
    begin(desk, person)
    browser.get("/approvals")
    page = browser.submit(decision="agree")
    assert "password" in page.form("password").fields


def test_refusing_tells_the_app_and_needs_no_second_factor(browser: Browser, desk: RelyingParty, person: Known) -> None:
    started = begin(desk, person)
    browser.get("/me")
    browser.sign_in(person.number, PASSWORD)
    browser.get("/approvals")
    assert "您没有同意" in browser.submit(decision="refuse").text
    assert poll(desk, started).error == "access_denied"


def test_an_answer_is_given_once(browser: Browser, desk: RelyingParty, person: Known, phone: Phone) -> None:
    started = begin(desk, person)
    form = asked(browser, person, phone).form("decision")
    browser.submit(form=form, decision="refuse")
    assert browser.submit(form=form, decision="agree").status == 422
    assert poll(desk, started).error == "access_denied"


def test_nobody_answers_for_another(
    browser: Browser, desk: RelyingParty, person: Known, phone: Phone, deployment: Deployment, school: str
) -> None:
    other = make_person(deployment, school, document="DEMO777", name="王大力")
    started = begin(desk, other)
    page = asked(browser, person, phone)
    assert "没有等待" in page.text
    begin(desk, person)
    form = browser.get("/approvals").form("decision")
    form.fields["request"] = started.body["auth_req_id"]
    assert browser.submit(form=form, decision="agree").status == 422
    assert poll(desk, started).error == "authorization_pending"


def test_one_auth_req_id_sent_twenty_times_at_once_gives_one_set_of_tokens(
    browser: Browser, desk: RelyingParty, person: Known, phone: Phone
) -> None:
    started = begin(desk, person)
    asked(browser, person, phone)
    browser.submit(decision="agree")
    statuses = at_once(lambda _: poll(desk, started).status)
    assert sorted(map(str, statuses)) == ["200"] + ["400"] * 19


def test_after_its_time_it_is_over_on_both_sides(
    browser: Browser, desk: RelyingParty, person: Known, phone: Phone, clock: SettableClock
) -> None:
    started = begin(desk, person, requested_expiry="60")
    assert started.body["expires_in"] == 60
    clock.forward(seconds=60)
    assert poll(desk, started).error == "expired_token"
    assert "没有等待" in asked(browser, person, phone).text


def test_the_hint_may_be_an_id_token_of_the_app(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known
) -> None:
    both = desk_app(
        app, deployment, school, grant_types=(GRANT, "authorization_code"), redirect_uris=("https://app.example.edu.cn/callback",)
    )
    token = both.exchange(sign_in_to(browser, both, person)).body["id_token"]
    started = begin(both, person, login_hint=None, id_token_hint=token)
    assert started.status == 200
    assert "服务台 7" in browser.get("/approvals").text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"login_hint": None}, "invalid_request"),
        ({"id_token_hint": "x"}, "invalid_request"),
        ({"login_hint": None, "login_hint_token": "x"}, "invalid_request"),
        ({"login_hint": None, "id_token_hint": "x.y.z"}, "invalid_request"),
        ({"login_hint": "Y0000000000000000"}, "unknown_user_id"),
        ({"login_hint": "x" * 300}, "unknown_user_id"),
        ({"scope": None}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": "openid person_number"}, "invalid_scope"),
        ({"binding_message": "x" * 65}, "invalid_binding_message"),
        ({"binding_message": "a\u202eb"}, "invalid_binding_message"),
        ({"requested_expiry": "0"}, "invalid_request"),
        ({"requested_expiry": "-1"}, "invalid_request"),
        ({"requested_expiry": "soon"}, "invalid_request"),
        ({"requested_expiry": "１"}, "invalid_request"),
        ({"acr_values": "urn:yima:acr:4"}, "unmet_authentication_requirements"),
    ],
)
def test_a_request_that_cannot_be_is_refused(desk: RelyingParty, person: Known, changes: dict[str, str | None], error: str) -> None:
    answer = begin(desk, person, **changes)
    assert (answer.status, answer.error) == (400, error)


def test_nobody_is_worn_down_by_requests(desk: RelyingParty, person: Known, clock: SettableClock) -> None:
    assert [begin(desk, person).status for _ in range(4)] == [200, 200, 200, 403]
    clock.forward(minutes=6)
    assert begin(desk, person).status == 200


def test_only_apps_that_are_registered_for_it_and_authenticate_may_ask(desk: RelyingParty, rp: RelyingParty, person: Known) -> None:
    assert begin(rp, person).error == "unauthorized_client"
    assert desk.call("bc-authorize", {"client_id": desk.client_id, "login_hint": person.number, "scope": "openid"}).status == 401


def test_the_request_may_be_signed_and_where_the_app_says_so_must_be(
    app: Flask, deployment: Deployment, school: str, person: Known, clock: SettableClock
) -> None:
    key = generate_signer("ES256")
    signs = desk_app(
        app,
        deployment,
        school,
        jwks={"keys": [key.public_jwk()]},
        backchannel_authentication_request_signing_alg="ES256",
    )
    claims = {"iss": signs.client_id, "aud": HOST, "scope": "openid", "login_hint": person.number}
    assert signs.authenticated("bc-authorize", {"request": jwt.encode(claims, key)}).status == 200
    assert begin(signs, person).error == "invalid_request"
    forged = jwt.encode(claims, generate_signer("ES256"))
    assert signs.authenticated("bc-authorize", {"request": forged}).error == "invalid_request_object"


@pytest.fixture
def handlers(deployment: Deployment) -> Iterator[dict[str, worker.Handler]]:
    settings = deployment.settings.model_copy(update={"allow_private_fetches": True})
    provider = make_provider(dataclasses.replace(deployment, settings=settings))
    yield {ciba.PING: ciba.sender(provider)}
    provider.outgoing.close()


@pytest.fixture
def pinged(app: Flask, deployment: Deployment, school: str, receiver: Receiver) -> RelyingParty:
    return desk_app(
        app,
        deployment,
        school,
        backchannel_token_delivery_mode="ping",
        backchannel_client_notification_endpoint=f"{receiver.url}/ping",
    )


@pytest.mark.parametrize("decision", ["agree", "refuse"])
def test_an_app_is_pinged_once_the_person_has_answered(
    browser: Browser,
    pinged: RelyingParty,
    person: Known,
    phone: Phone,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    decision: str,
) -> None:
    started = begin(pinged, person, client_notification_token=NOTIFY)
    assert worker.run_due(deployment, handlers) == 0
    asked(browser, person, phone)
    browser.submit(decision=decision)
    assert worker.run_due(deployment, handlers) == 1
    [(path, kind, body)] = receiver.received
    assert (path, kind) == ("/ping", "application/json")
    assert json.loads(body) == {"auth_req_id": started.body["auth_req_id"]}
    assert receiver.authorizations == [f"Bearer {NOTIFY}"]
    assert poll(pinged, started).status == (200 if decision == "agree" else 400)


def test_a_ping_that_is_not_taken_is_sent_again(
    browser: Browser,
    pinged: RelyingParty,
    person: Known,
    phone: Phone,
    deployment: Deployment,
    receiver: Receiver,
    handlers: dict[str, worker.Handler],
    clock: SettableClock,
) -> None:
    receiver.status = 500
    begin(pinged, person, client_notification_token=NOTIFY)
    asked(browser, person, phone)
    browser.submit(decision="agree")
    worker.run_due(deployment, handlers)
    receiver.status = 204
    clock.forward(seconds=6)
    worker.run_due(deployment, handlers)
    clock.forward(hours=1)
    assert worker.run_due(deployment, handlers) == 0
    assert len(receiver.received) == 2


@pytest.mark.parametrize("token", [None, "short", "with spaces in the middle of it", "x" * 1025])
def test_a_ping_needs_a_token_of_the_app(pinged: RelyingParty, person: Known, token: str | None) -> None:
    assert begin(pinged, person, client_notification_token=token).error == "invalid_request"


@pytest.mark.parametrize(
    "changes",
    [
        {"backchannel_token_delivery_mode": None},
        {"backchannel_token_delivery_mode": "push"},
        {"backchannel_token_delivery_mode": "ping"},
        {"token_endpoint_auth_method": "none"},
        {"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": "http://app.example.edu.cn/"},
    ],
)
def test_a_registration_that_contradicts_itself_is_refused(
    app: Flask, deployment: Deployment, school: str, changes: dict[str, object]
) -> None:
    with pytest.raises(InvalidRegistration):
        desk_app(app, deployment, school, **changes)


def test_the_question_comes_to_the_person_by_itself_a_few_times_a_day(
    app: Flask, deployment: Deployment, school: str, person: Known, clock: SettableClock
) -> None:
    desk = desk_app(app, deployment, school)
    for _ in range(ciba.RINGS_A_DAY + 2):
        assert begin(desk, person).status == 200
        clock.forward(minutes=6)
    with deployment.reading() as session:
        rung = session.scalars(select(Notice).where(Notice.event == Event.APPROVAL_WAITS)).all()
        waiting = session.scalar(select(func.count()).select_from(Message).where(Message.kind == book.KIND))
    assert len(rung) == waiting == ciba.RINGS_A_DAY
    assert all(row.person_id == person.id and "服务台" not in str(row.detail) for row in rung)
