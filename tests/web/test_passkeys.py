"""Passkeys at the pages of a sign-in and of self-service, with an authenticator in software before them."""

import html
import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.deployment import Deployment
from idp.login.tables import BrowserSession
from idp.mfa import credentials
from idp.mfa.factor import State
from idp.mfa.tables import Credential
from idp.registry.tables import Person
from tests.at_once import at_once
from tests.authenticator import BE, BS, UP, Authenticator
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.web.conftest import Phone, app_with
from tests.web.pages import Browser, Page
from tests.web.relying_party import register_app


def options_of(page: Page) -> dict[str, Any]:
    """What the page hands to the browser."""
    found = re.search(r'data-options="([^"]*)"', page.text)
    assert found is not None, page.text
    return dict(json.loads(html.unescape(found[1])))


def give(browser: Browser, answer: dict[str, Any]) -> Page:
    return browser.submit(passkey=json.dumps(answer))


def make_passkey(browser: Browser, **about: Any) -> Authenticator:
    """Signs in is done; adds a passkey on the self-service page."""
    authenticator = Authenticator(**about)
    give(browser, authenticator.create(options_of(browser.get("/me/factors/passkey"))))
    return authenticator


def signed_in(browser: Browser) -> bool:
    return "yima_session" in browser.cookies()


def with_password(app: Flask, person: Known) -> Browser:
    browser = Browser(app)
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    return browser


def held(deployment: Deployment, person: Known) -> list[Credential]:
    with deployment.reading() as session:
        rows = session.scalars(
            select(Credential).where(Credential.person_id == person.id, Credential.kind == "passkey").order_by(Credential.id)
        ).all()
        session.expunge_all()
        return [row for row in rows if row.state in (State.ACTIVE, State.LOCKED)]


@pytest.fixture
def passkey(app: Flask, person: Known) -> Authenticator:
    return make_passkey(with_password(app, person))


def test_a_passkey_is_made_and_is_the_second_step_of_the_next_sign_in(app: Flask, person: Known, passkey: Authenticator) -> None:
    browser = with_password(app, person)
    assert not signed_in(browser)
    options = options_of(browser.page)
    assert len(options["allowCredentials"]) == 1
    assert options["userVerification"] == "required"
    assert "林小雨" in give(browser, passkey.get(options)).text


def test_a_passkey_alone_signs_in_and_reaches_level_3(
    app: Flask, person: Known, passkey: Authenticator, deployment: Deployment
) -> None:
    browser = Browser(app)
    options = options_of(browser.get("/login"))
    assert options.get("allowCredentials", []) == []
    assert "林小雨" in give(browser, passkey.get(options)).text
    with deployment.reading() as session:
        made = session.scalars(select(BrowserSession).where(BrowserSession.level == 3)).one()
        assert (made.person_id, sorted(made.methods)) == (person.id, ["mfa", "swk", "user"])


def test_the_account_field_offers_passkeys_of_the_browser(browser: Browser) -> None:
    assert 'autocomplete="username webauthn"' in browser.get("/login").text
    assert 'data-autofill="yes"' in browser.page.text


def test_a_person_may_have_several_name_them_and_take_them_away(app: Flask, person: Known, deployment: Deployment) -> None:
    browser = with_password(app, person)
    first = make_passkey(browser)
    options = options_of(browser.get("/me/factors/passkey"))
    assert [one["id"] for one in options["excludeCredentials"]] == [first.create(options)["id"]]
    second = Authenticator()
    give(browser, second.create(options))
    assert first.user_handle == second.user_handle
    rows = held(deployment, person)
    assert len(rows) == 2
    browser.get("/me")
    button = ("factor", str(rows[1].id))
    renaming, removing = (form for form in browser.page.forms if button in form.buttons)
    browser.submit(form=renaming, factor=button[1], label="家里的电脑")
    assert "家里的电脑" in browser.get("/me").text
    browser.submit(form=removing, factor=button[1])
    assert len(held(deployment, person)) == 1
    other = Browser(app)
    assert give(other, second.get(options_of(other.get("/login")))).status == 422
    assert not signed_in(other)


def test_one_answer_sent_twenty_times_at_once_is_accepted_once(
    app: Flask, person: Known, passkey: Authenticator, deployment: Deployment
) -> None:
    browser = with_password(app, person)
    form, answer = browser.page.form("passkey"), json.dumps(passkey.get(options_of(browser.page)))
    copies = [Browser(app) for _ in range(20)]
    for copy in copies:
        for cookie in browser.client._cookies.values():
            copy.client._cookies[cookie._storage_key] = cookie
    pages = at_once(
        lambda number: (
            copies[number]
            .client.post(form.action, data={**form.fields, "passkey": answer}, base_url="http://localhost:8000")
            .status_code
        )
    )
    with deployment.reading() as session:
        used = session.scalars(select(Credential.sign_count).where(Credential.kind == "passkey")).all()
        refused = session.scalars(select(AuditEvent).where(AuditEvent.action == Action.FACTOR_LOCKED)).all()
    assert used == [1]
    assert refused == []
    assert pages.count(302) >= 1
    assert not [page for page in pages if isinstance(page, Exception)]


def test_an_answer_that_was_recorded_is_worth_nothing_at_another_sign_in(app: Flask, person: Known, passkey: Authenticator) -> None:
    browser = with_password(app, person)
    answer = passkey.get(options_of(browser.page))
    give(browser, answer)
    other = with_password(app, person)
    assert give(other, answer).status == 422
    assert not signed_in(other)


def test_a_wrong_answer_ends_its_challenge_and_the_page_has_another(app: Flask, person: Known, passkey: Authenticator) -> None:
    browser = with_password(app, person)
    options = options_of(browser.page)
    page = give(browser, passkey.copy(origin="https://evil.example").get(options))
    assert page.status == 422
    again = options_of(page)
    assert again["challenge"] != options["challenge"]
    passkey.sign_count += 1
    assert "林小雨" in give(browser, passkey.get(again)).text


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"flags": UP}, {"flags": 0}, {"user_handle": b"somebody else"}],
)
@pytest.mark.parametrize("alone", [True, False])
def test_what_is_not_signed_for_us_by_its_verified_owner_is_refused(
    app: Flask, person: Known, passkey: Authenticator, wrong: dict[str, Any], alone: bool
) -> None:
    browser = Browser(app) if alone else with_password(app, person)
    page = browser.get("/login") if alone else browser.page
    assert give(browser, passkey.copy(**wrong).get(options_of(page))).status == 422
    assert not signed_in(browser)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"id":"AA","rawId":"AA","type":"public-key"}', "x" * 16000])
@pytest.mark.parametrize("alone", [True, False])
def test_what_is_no_answer_is_refused(app: Flask, person: Known, passkey: Authenticator, text: str, alone: bool) -> None:
    browser = Browser(app) if alone else with_password(app, person)
    page = browser.get("/login") if alone else browser.page
    assert browser.submit(form=page.form("passkey"), passkey=text).status == 422
    assert not signed_in(browser)


def test_alone_the_answer_has_to_say_whose_it_is(app: Flask, passkey: Authenticator) -> None:
    browser = Browser(app)
    assert give(browser, passkey.copy(user_handle=None).get(options_of(browser.get("/login")))).status == 422
    assert not signed_in(browser)


def test_a_passkey_that_was_never_made_here_is_refused(app: Flask, browser: Browser, passkey: Authenticator) -> None:
    stranger = Authenticator(user_handle=passkey.user_handle)
    assert give(browser, stranger.get(options_of(browser.get("/login")))).status == 422
    assert not signed_in(browser)


def test_the_passkey_of_another_person_is_no_second_step(
    app: Flask, person: Known, passkey: Authenticator, deployment: Deployment, school: str
) -> None:
    other = make_person(deployment, school, name="王大山", document="OTHER001", local_number="S002")
    theirs = make_passkey(with_password(app, other))
    browser = with_password(app, person)
    assert give(browser, theirs.get(options_of(browser.page))).status == 422
    assert not signed_in(browser)


def test_a_challenge_of_the_first_page_is_no_challenge_of_the_second_step(
    app: Flask, person: Known, passkey: Authenticator
) -> None:
    browser = Browser(app)
    first = browser.get("/login").form("passkey").fields["challenge"]
    options = options_of(browser.page)
    browser.sign_in(person.number, PASSWORD)
    form = browser.page.form("passkey")
    assert form.fields["challenge"] != first
    assert browser.submit(form=form, challenge=first, passkey=json.dumps(passkey.get(options))).status == 422
    assert not signed_in(browser)


def test_a_count_that_was_passed_locks_the_passkey_and_is_in_the_journal(
    app: Flask, person: Known, passkey: Authenticator, deployment: Deployment
) -> None:
    clone = passkey.copy()
    for _ in range(2):
        browser = with_password(app, person)
        give(browser, passkey.get(options_of(browser.page)))
        assert signed_in(browser)
    thief = Browser(app)
    wrong = give(thief, clone.get(options_of(thief.get("/login"))))
    assert wrong.status == 422
    assert held(deployment, person)[0].state == State.LOCKED
    with deployment.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == Action.FACTOR_LOCKED)).all()
        assert [event.detail["reason"] for event in events] == ["sign_count"]
    owner = with_password(app, person)
    assert give(owner, passkey.get(options_of(owner.page))).status == 422
    with deployment.transaction(OPERATOR) as tx:
        credentials.unlock(tx, tx.session.get_one(Person, person.id))
    owner = with_password(app, person)
    assert "林小雨" in give(owner, passkey.get(options_of(owner.page))).text


def test_an_old_count_without_the_key_locks_nothing(
    app: Flask, person: Known, passkey: Authenticator, deployment: Deployment
) -> None:
    forger = Authenticator(credential_id=passkey.credential_id, user_handle=passkey.user_handle, sign_count=-1)
    browser = Browser(app)
    assert give(browser, forger.get(options_of(browser.get("/login")))).status == 422
    assert held(deployment, person)[0].state == State.ACTIVE


def test_a_passkey_that_is_copied_between_devices_has_no_count_and_works_again_and_again(app: Flask, person: Known) -> None:
    synced = make_passkey(with_password(app, person), step=0, flags=0x05 | BE | BS)
    for _ in range(3):
        browser = Browser(app)
        give(browser, synced.get(options_of(browser.get("/login"))))
        assert signed_in(browser)


def test_a_count_of_all_32_bits_is_kept(app: Flask, person: Known, deployment: Deployment) -> None:
    passkey = make_passkey(with_password(app, person), sign_count=2**32 - 2)
    browser = Browser(app)
    give(browser, passkey.get(options_of(browser.get("/login"))))
    assert signed_in(browser)
    assert held(deployment, person)[0].sign_count == 2**32 - 1


def test_a_passkey_that_somebody_has_is_not_taken_twice(
    app: Flask, person: Known, passkey: Authenticator, deployment: Deployment, school: str
) -> None:
    other = make_person(deployment, school, name="王大山", document="OTHER001", local_number="S002")
    browser = with_password(app, other)
    page = give(browser, passkey.copy(sign_count=0).create(options_of(browser.get("/me/factors/passkey"))))
    assert page.status == 422
    assert held(deployment, other) == []
    assert len(held(deployment, person)) == 1


@pytest.mark.parametrize(
    "wrong", [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"flags": UP}, {"fmt": "fido-u2f"}]
)
def test_a_passkey_that_was_made_wrongly_is_not_taken(
    app: Flask, person: Known, deployment: Deployment, wrong: dict[str, Any]
) -> None:
    browser = with_password(app, person)
    options = options_of(browser.get("/me/factors/passkey"))
    assert give(browser, Authenticator(**wrong).create(options)).status == 422
    assert held(deployment, person) == []


def test_the_answer_to_a_sign_in_makes_no_passkey(app: Flask, person: Known, deployment: Deployment) -> None:
    browser = with_password(app, person)
    options = options_of(browser.get("/me/factors/passkey"))
    assert give(browser, Authenticator(user_handle=b"x").get(options)).status == 422
    assert held(deployment, person) == []


def test_an_authenticator_app_stays_another_way(app: Flask, person: Known, phone: Phone) -> None:
    browser = with_password(app, person)
    browser.submit(code=phone.code())
    make_passkey(browser)
    phone.clock.forward(seconds=30)
    other = with_password(app, person)
    kinds = re.findall(r"kind=(\w+)", other.page.text)
    page = other.get(f"/login?flow={other.page.query['flow']}&kind={kinds[0]}")
    assert "林小雨" in other.submit(form=page.form("code"), code=phone.code()).text


def test_where_the_address_is_no_domain_no_passkeys_are_offered(deployment: Deployment, person: Known) -> None:
    browser = Browser(app_with(deployment, public_url="http://127.0.0.1:8000"))
    assert "data-options" not in browser.get("/login").text
    browser.sign_in(person.number, PASSWORD)
    assert "/me/factors/passkey" not in browser.get("/me").text


def test_an_app_of_level_3_has_a_passkey_made_and_is_told_of_it(
    app: Flask, browser: Browser, person: Known, deployment: Deployment, school: str
) -> None:
    strict = register_app(app, deployment, school, required_level=3, trusted=True)
    browser.get(strict.authorize_url())
    flow = browser.sign_in(person.number, PASSWORD).query["flow"]
    page = give(browser, Authenticator().create(options_of(browser.get(f"/login?flow={flow}&kind=passkey"))))
    claims = strict.claims_of(strict.exchange(page.query["code"]).body["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:yima:acr:3", ["pwd", "swk", "user", "mfa"])


def test_an_app_of_level_3_is_told_that_it_cannot_be_met_where_nothing_that_reaches_it_can_be_set_up(
    deployment: Deployment, school: str
) -> None:
    app = app_with(deployment, public_url="http://127.0.0.1:8000", phone_url="")
    strict = register_app(app, deployment, school, required_level=3, trusted=True)
    page = Browser(app).get(strict.authorize_url())
    assert page.query["error"] == "unmet_authentication_requirements"


def test_related_origins_are_named_where_there_are_any(deployment: Deployment, browser: Browser) -> None:
    assert browser.get("/.well-known/webauthn").status == 404
    others = "https://id.example.cn,https://id.example.com"
    page = Browser(app_with(deployment, webauthn_related_origins=others)).get("/.well-known/webauthn")
    assert page.headers["Content-Type"] == "application/json"
    assert json.loads(page.text) == {"origins": ["https://id.example.cn", "https://id.example.com"]}
