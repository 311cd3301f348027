"""The key of cookies and forms changes while people fill forms in."""

from idp import emergency
from idp.deployment import Deployment
from idp.keys import rotation
from idp.keys.states import Purpose
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known
from tests.web.pages import Browser


def test_a_form_that_was_open_during_a_rotation_is_taken_and_one_of_a_key_in_wrong_hands_is_not(
    browser: Browser, person: Known, deployment: Deployment, clock: SettableClock
) -> None:
    browser.get("/login")
    with deployment.transaction(OPERATOR) as tx:
        key = rotation.renew_secret(tx, deployment.master, Purpose.WEB)
    clock.forward(seconds=rotation.ANNOUNCED.total_seconds())
    deployment.ring.forget()
    wrong = browser.sign_in(person.number, "wrong")
    assert wrong.status == 422  # the form came by the old key, the next one by the new
    with deployment.transaction(OPERATOR) as tx:
        emergency.revoke_key(tx, deployment, key.kid, "disk copied")
    deployment.ring.forget()
    assert browser.sign_in(person.number, PASSWORD).status == 400
    browser.get("/login")
    assert browser.sign_in(person.number, PASSWORD).status == 200
