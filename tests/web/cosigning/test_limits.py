"""PINs, numbers, copies, moments: what is counted, what locks, and what happens once."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.deployment import Deployment
from idp.login.sign_ins import WRONG
from idp.login.tables import SignIn
from idp.mfa.factors.cosign.tables import CosignSignature
from idp.mfa.tables import Credential
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.cosigning.phone import PhoneApp, Reply
from tests.people import Known
from tests.web.cosigning.pages import NUMBER, STATE, ask, collect, events, found
from tests.web.pages import Browser, Page


def test_five_wrong_pins_lock_and_the_right_one_is_refused_afterwards(
    asking: Page, co_signer: PhoneApp, deployment: Deployment
) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    replies = [co_signer.wrong_pin(transaction, number) for _ in range(4)]
    assert [(reply.status, reply.body["left"]) for reply in replies] == [(422, 4), (422, 3), (422, 2), (422, 1)]
    assert co_signer.wrong_pin(transaction, number).status == 423
    with deployment.reading() as session:
        assert session.scalars(select(Credential.state).where(Credential.kind == "cosign")).one() == "locked"
    assert co_signer.call("waiting", {"kid": co_signer.kid}).status == 423


def test_a_locked_phone_gives_a_right_pin_and_a_wrong_one_the_same_answer(
    app: Flask, asking: Page, co_signer: PhoneApp, person: Known
) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    for _ in range(5):
        co_signer.wrong_pin(transaction, number)
    later = ask(Browser(app), person)
    again = {"tx": found(STATE, later), "message": transaction["message"]}
    replies = [co_signer.answer(again, found(NUMBER, later)), co_signer.wrong_pin(again, found(NUMBER, later))]
    assert replies[0] == replies[1]
    assert replies[0].status != 200


def test_a_right_answer_forgets_the_wrong_ones(browser: Browser, asking: Page, co_signer: PhoneApp, deployment: Deployment) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    for _ in range(4):
        co_signer.wrong_pin(transaction, number)
    assert co_signer.confirm(transaction, number).status == 200
    with deployment.reading() as session:
        assert session.scalars(select(Credential.fails).where(Credential.kind == "cosign")).one() == 0


def test_twenty_wrong_pins_at_once_are_counted_one_by_one(asking: Page, co_signer: PhoneApp, deployment: Deployment) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    wrong = with_another_share(co_signer)
    messages = [wrong.request(transaction, number)[2] for _ in range(20)]
    replies = at_once(lambda index: wrong.call("answer", messages[index]))
    assert all(isinstance(reply, Reply) and reply.status in (410, 422, 423) for reply in replies)
    # Of two with one place in the order the later is gone; of the others each was counted, and none beyond the fifth was looked at.
    lefts = [reply.body["left"] for reply in replies if isinstance(reply, Reply) and reply.status == 422]
    assert sorted(lefts, reverse=True) == [4, 3, 2, 1][: len(lefts)]
    with deployment.reading() as session:
        assert session.scalars(select(Credential.fails).where(Credential.kind == "cosign")).one() in (len(lefts), 5)


def with_another_share(phone: PhoneApp) -> PhoneApp:
    """The same device with the share that a wrong PIN gives."""
    return replace(phone, share=replace(PhoneApp(phone.app).share, joint=phone.share.joint))


def test_twenty_requests_at_once_get_one_answer(asking: Page, co_signer: PhoneApp) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    messages = [co_signer.request(transaction, number)[2] for _ in range(20)]
    statuses = at_once(lambda index: co_signer.call("answer", messages[index]).status)
    assert sorted(statuses) == [200, *[410] * 19]  # type: ignore[type-var]


def test_twenty_finishes_at_once_are_one_signature_and_one_sign_in(
    browser: Browser, asking: Page, co_signer: PhoneApp, deployment: Deployment
) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    ready = co_signer.signature(transaction, number)
    assert set(at_once(lambda _: co_signer.call("finish", ready).status)) == {200}
    with deployment.reading() as session:
        mine = select(func.count()).where(CosignSignature.challenge_id == transaction["tx"])
        assert session.scalar(mine) == 1
    assert len([event for event in events(deployment, "mfa.factor.enrolled") if event.detail["kind"] == "cosign"]) == 1
    assert "林小雨" in collect(browser, asking).text


def test_a_message_that_was_taken_is_not_taken_again(asking: Page, co_signer: PhoneApp, deployment: Deployment) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    wrong = with_another_share(co_signer)
    members = wrong.request(transaction, number)[2]
    assert wrong.call("answer", members).status == 422
    # A copy of it costs its owner nothing.
    assert [wrong.call("answer", members).status for _ in range(6)] == [410] * 6
    with deployment.reading() as session:
        assert session.scalars(select(Credential.fails).where(Credential.kind == "cosign")).one() == 1


def test_a_stranger_who_knows_the_name_of_the_key_locks_nobody_out(app: Flask, asking: Page, co_signer: PhoneApp) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    stranger = PhoneApp(app, share=replace(PhoneApp(app).share, joint=co_signer.share.joint), kid=co_signer.kid)
    assert {stranger.answer(transaction, number).status for _ in range(7)} == {401}
    assert co_signer.confirm(transaction, number).status == 200


def test_a_stale_page_is_told_so_and_not_counted(asking: Page, co_signer: PhoneApp, deployment: Deployment) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    stale = {**transaction, "message": transaction["message"] + " "}
    assert [co_signer.answer(stale, number).status for _ in range(6)] == [409] * 6
    assert co_signer.confirm(transaction, number).status == 200


def test_two_wrong_numbers_end_the_transaction_and_count_as_no_wrong_pin(
    asking: Page, co_signer: PhoneApp, deployment: Deployment
) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    other = f"{(int(number) - 9) % 90 + 10}"
    assert other != number
    assert [co_signer.answer(transaction, other).body["error"] for _ in range(2)] == ["wrong_number"] * 2
    assert co_signer.answer(transaction, number).status == 410
    with deployment.reading() as session:
        assert session.scalars(select(Credential.fails).where(Credential.kind == "cosign")).one() == 0
        # The sign-in that asked shows them to the person, and to the rules about risk.
        assert [*session.scalars(select(SignIn.outcome).where(SignIn.outcome.in_(WRONG)))] == ["wrong_factor"] * 2


def test_a_proof_for_another_number_than_the_one_sent_is_refused(asking: Page, co_signer: PhoneApp) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    assert co_signer.answer(transaction, "00", number=number).status == 422


def test_a_proof_moved_to_another_transaction_is_refused(app: Flask, asking: Page, co_signer: PhoneApp, person: Known) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    later = ask(Browser(app), person)
    newest = co_signer.waiting()[0]
    moved = co_signer.request(transaction, number)[2]
    moved |= {"tx": newest["tx"], "number": found(NUMBER, later)}
    moved["digest"] = co_signer.request(newest, "00")[2]["digest"]
    assert co_signer.call("answer", moved).status == 422


def test_after_two_minutes_it_is_over(browser: Browser, asking: Page, co_signer: PhoneApp, clock: SettableClock) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    clock.forward(seconds=121)
    assert co_signer.waiting() == []
    assert co_signer.answer(transaction, number).status == 410
    assert collect(browser, asking).status == 422


def test_a_signature_that_comes_too_late_is_not_taken(asking: Page, co_signer: PhoneApp, clock: SettableClock) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    ready = co_signer.signature(transaction, number)
    clock.forward(seconds=121)
    assert co_signer.call("finish", ready).status == 410


@pytest.mark.parametrize("which", ["r", "s"])
def test_another_signature_than_the_one_of_the_message_is_refused(asking: Page, co_signer: PhoneApp, which: str) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    ready = co_signer.signature(transaction, number)
    forged = f"{int(ready[which], 16) ^ 1:064x}"
    assert co_signer.call("finish", ready | {which: forged}).status == 400
