"""The key that signs lives in a device which is away: apps are told to come back, nothing is spent, and everything else works."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from idp.crypto.devices.reference import KeyReference
from idp.deployment import Deployment, open_deployment
from idp.keys import adoption, rotation
from idp.settings import Settings
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known
from tests.services.sdf_device import StubDevice
from tests.web.conftest import sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty, register_app

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)


@pytest.fixture
def deployment(deployment_settings: Settings, stub: StubDevice, clock: SettableClock) -> Iterator[Deployment]:
    """One whose tokens of the SM issuer are signed in a device."""
    found = open_deployment(deployment_settings.model_copy(update={"sdf_devices": stub.settings()}), clock)
    with found.transaction(OPERATOR) as tx:
        adoption.adopt_token_keys(tx, found.master, [found.ring.devices.adopted(KeyReference("hsm", 1))])
        rotation.rotate(tx, found.master, "SGD_SM3_SM2", publish_ahead=timedelta(0))
    found.ring.forget()
    yield found
    found.close()


def test_an_app_is_told_to_come_back_and_its_code_is_still_good(
    rp: RelyingParty, browser: Browser, person: Known, stub: StubDevice, deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    code = sign_in_to(browser, rp, person)
    stub.fault("away")
    with caplog.at_level(logging.ERROR):
        answer = rp.exchange(code)
    assert (answer.status, answer.body["error"]) == (503, "temporarily_unavailable")
    said = json.dumps(answer.body)
    assert not any(word in said for word in ("hsm", "SDR_", "device"))
    assert "SDR_" in caplog.text
    stub.fault()
    deployment.ring.devices.close()  # what it does by itself after a second
    tokens = rp.exchange(code).body
    assert rp.claims_of(tokens["id_token"])["aud"] == rp.client_id


def test_the_international_issuer_and_the_pages_work_without_it(
    app: Flask, deployment: Deployment, school: str, browser: Browser, person: Known, stub: StubDevice
) -> None:
    stub.fault("away")
    other = register_app(app, deployment, school, issuer="intl", id_token_signed_response_alg="ES256")
    assert other.exchange(sign_in_to(browser, other, person)).body["id_token"]
    assert other.call("jwks", method="GET").status == 200


def test_where_the_page_itself_has_to_sign_the_app_is_told_by_redirect(
    app: Flask, deployment: Deployment, school: str, browser: Browser, person: Known, stub: StubDevice
) -> None:
    implicit = register_app(app, deployment, school, trusted=True, response_types=("id_token",), grant_types=("implicit",))
    browser.get(implicit.authorize_url(response_type="id_token"))
    stub.fault("away")
    page = browser.sign_in(person.number, PASSWORD)
    assert "error=temporarily_unavailable" in page.location, page.text
    assert "hsm" not in page.location


def test_where_even_the_answer_has_to_be_signed_a_page_says_wait(
    app: Flask, deployment: Deployment, school: str, browser: Browser, person: Known, stub: StubDevice
) -> None:
    signed = register_app(app, deployment, school, trusted=True, authorization_signed_response_alg="SGD_SM3_SM2")
    browser.get(signed.authorize_url(response_mode="jwt"))
    stub.fault("away")
    page = browser.sign_in(person.number, PASSWORD)
    assert page.status == 503
    assert "请" in page.text
    assert not any(word in page.text for word in ("hsm", "SDR_"))
