"""Declined, set up, replaced, stopped, refreshed."""

import json
from dataclasses import replace

from flask import Flask

from idp.deployment import Deployment
from tests.clocks import SettableClock
from tests.cosigning.phone import PhoneApp
from tests.people import PASSWORD, Known
from tests.web.cosigning.pages import NUMBER, TICKET, ask, collect, events, found, set_up
from tests.web.pages import Browser, Page
from tests.web.test_ciba import begin, desk_app


def test_cancelling_tells_the_page_and_freezes_nothing(
    app: Flask, browser: Browser, asking: Page, co_signer: PhoneApp, person: Known, deployment: Deployment
) -> None:
    [transaction] = co_signer.waiting()
    assert co_signer.decline(transaction, "cancelled").status == 200
    assert "拒绝" in collect(browser, asking).text or collect(browser, asking).status == 422
    assert events(deployment, "mfa.password.suspected") == []
    ask(Browser(app), person)
    assert len(co_signer.waiting()) == 1


def test_not_me_stops_phone_signing_for_an_hour_and_alarms(
    app: Flask, browser: Browser, asking: Page, co_signer: PhoneApp, person: Known, deployment: Deployment, clock: SettableClock
) -> None:
    [transaction] = co_signer.waiting()
    assert co_signer.decline(transaction, "not_me").status == 200
    assert collect(browser, asking).status == 422
    assert "yima_session" not in browser.cookies()
    [alarm] = events(deployment, "mfa.password.suspected")
    assert alarm.subject == f"person:{person.number}"
    assert ask(Browser(app), person).status == 422
    assert co_signer.waiting() == []
    clock.forward(minutes=61)
    ask(Browser(app), person)
    assert len(co_signer.waiting()) == 1


def test_the_app_on_the_phone_says_where_else_an_answer_is_waited_for(
    app: Flask, co_signer: PhoneApp, person: Known, deployment: Deployment, school: str
) -> None:
    def elsewhere() -> object:
        return co_signer.call("waiting", {"kid": co_signer.kid}).body["elsewhere"]

    assert elsewhere() == ""
    begin(desk_app(app, deployment, school), person)
    assert elsewhere() == f"{deployment.settings.public_url}/approvals"


def test_a_declined_transaction_gets_no_answer(asking: Page, co_signer: PhoneApp) -> None:
    [transaction] = co_signer.waiting()
    co_signer.decline(transaction, "cancelled")
    assert co_signer.answer(transaction, found(NUMBER, asking)).status == 410
    assert co_signer.decline(transaction, "not_me").status == 410


def test_the_fourth_question_without_an_answer_in_ten_minutes_is_not_asked(
    app: Flask, asking: Page, co_signer: PhoneApp, person: Known, clock: SettableClock
) -> None:
    assert [ask(Browser(app), person).status for _ in range(3)] == [200, 200, 422]
    clock.forward(minutes=11)
    assert ask(Browser(app), person).status == 200


def test_a_set_up_is_for_one_phone(app: Flask, browser: Browser, person: Known) -> None:
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    ticket = found(TICKET, browser.get("/me/factors/cosign"))
    PhoneApp(app).make_key(ticket)
    second = PhoneApp(app)
    begun = {"profile": "yima-cosign-1", "ticket": ticket, "commitment": "0" * 64, "device": second.device_point}
    assert second.call("enrol/begin", begun).status == 410


def test_an_unfinished_set_up_is_no_factor(app: Flask, browser: Browser, person: Known) -> None:
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    PhoneApp(app).make_key(found(TICKET, browser.get("/me/factors/cosign")))
    other = Browser(app)
    other.get("/login")
    assert "林小雨" in other.sign_in(person.number, PASSWORD).text


def test_a_new_phone_takes_the_old_ones_place(app: Flask, browser: Browser, asking: Page, co_signer: PhoneApp) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    co_signer.confirm(transaction, number)
    collect(browser, asking)
    new = set_up(app, browser)
    assert new.waiting() == []
    assert co_signer.call("waiting", {"kid": co_signer.kid}).status == 401


def test_a_phone_that_was_stopped_signs_no_more_and_opens_no_door(
    app: Flask, browser: Browser, co_signer: PhoneApp, person: Known
) -> None:
    assert co_signer.call("revoke", {"kid": co_signer.kid, "sequence": co_signer.next_sequence()}).status == 200
    assert co_signer.call("waiting", {"kid": co_signer.kid}).status == 423
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    assert "yima_session" not in browser.cookies()


def test_the_pin_is_changed_only_after_a_signature(co_signer: PhoneApp) -> None:
    asked = co_signer.call("pin", {"kid": co_signer.kid, "sequence": co_signer.next_sequence()})
    assert json.loads(asked.body["message"].partition("\n")[2])["purpose"] == "pin_change"
    assert co_signer.waiting() == []
    assert co_signer.wrong_pin(asked.body, "").status == 422
    assert co_signer.confirm(asked.body, "").status == 200


def test_shares_are_refreshed_after_a_month_and_a_copy_of_the_old_one_is_worthless(
    browser: Browser, app: Flask, co_signer: PhoneApp, person: Known, clock: SettableClock
) -> None:
    clock.forward(days=31)
    page = ask(browser, person)
    [transaction] = co_signer.waiting()
    offered = co_signer.confirm(transaction, found(NUMBER, page)).body["refresh"]
    after, proof = co_signer.share.refresh(co_signer.kid, offered["generation"], bytes.fromhex(offered["factor"]))
    members = {
        "kid": co_signer.kid,
        "generation": offered["generation"],
        "proof": [proof.challenge.hex(), proof.answer.hex()],
    }
    forged = members | {"proof": [proof.answer.hex(), proof.challenge.hex()]}
    assert co_signer.call("refresh", forged).status == 400
    assert [co_signer.call("refresh", members).body for _ in range(2)] == [{"generation": 2}] * 2
    later = ask(Browser(app), person)
    [transaction] = co_signer.waiting()
    assert co_signer.answer(transaction, found(NUMBER, later)).status == 422
    assert replace(co_signer, share=after).confirm(transaction, found(NUMBER, later)).status == 200
