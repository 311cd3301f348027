"""What must happen once happens once, on both databases."""

import pytest

from idp.deployment import Deployment
from idp.sso.saml import sign_in
from idp.sso.saml.authn_request import Asked
from idp.sso.saml.errors import RequestLost, RequestReplayed
from tests.at_once import at_once, refused, succeeded
from tests.people import OPERATOR

ASKED = Asked("app_x", "https://sp.example.edu.cn/acs", "_1", classes=("a", "b"))


def test_of_twenty_answers_to_one_request_one_is_given(deployment: Deployment) -> None:
    def answer(_: int) -> None:
        with deployment.transaction(OPERATOR) as tx:
            sign_in.answer_once(tx, "app_x", "_1")

    results = at_once(answer)
    assert len(succeeded(results)) == 1
    assert refused(results) == {RequestReplayed}
    with deployment.transaction(OPERATOR) as tx:
        sign_in.answer_once(tx, "app_y", "_1")  # another app's ids are its own
        sign_in.answer_once(tx, "app_x", None)


def test_of_twenty_browsers_that_take_up_one_form_one_gets_it_and_may_come_again(deployment: Deployment) -> None:
    with deployment.transaction(OPERATOR) as tx:
        waiting = sign_in.keep(tx, ASKED, None)

    def take(number: int) -> tuple[int, Asked]:
        with deployment.transaction(OPERATOR) as tx:
            return number, sign_in.find(tx, waiting.id, f"browser {number}").asked

    results = at_once(take)
    ((number, asked),) = succeeded(results)
    assert asked == ASKED
    assert refused(results) == {RequestLost}
    assert take(number) == (number, ASKED)


def test_of_twenty_answers_to_one_waiting_request_one_is_given(deployment: Deployment) -> None:
    with deployment.transaction(OPERATOR) as tx:
        waiting = sign_in.keep(tx, ASKED, "browser")

    def spend(_: int) -> None:
        with deployment.transaction(OPERATOR) as tx:
            sign_in.spend(tx, waiting)

    results = at_once(spend)
    assert len(succeeded(results)) == 1
    assert refused(results) == {RequestLost}
    with pytest.raises(RequestLost), deployment.transaction(OPERATOR) as tx:
        sign_in.find(tx, waiting.id, "browser")
