"""Rich authorization requests (RFC 9396): what exactly is asked for, shown to the person in words, and carried by the token."""

import json

import pytest

from tests.people import PASSWORD, Known
from tests.web.pages import Browser
from tests.web.relying_party import CALLBACK, RelyingParty
from tests.web.resource_server import GRADES, TRANSCRIPT, grades, library, planner

__all__ = ["grades", "library", "planner"]

OTHER = {"type": "transcript", "actions": ["read"], "year": 2025}


def asked(*details: object) -> str:
    return json.dumps(details)


def agree(browser: Browser, party: RelyingParty, person: Known, text: str) -> str:
    browser.get(party.authorize_url(authorization_details=text, resource=GRADES))
    page = browser.sign_in(person.number, PASSWORD)
    assert "查看成绩单 · read · https://grades.example.edu.cn/api · {&#34;year&#34;: 2026}" in page.text
    return browser.submit(decision="agree").query["code"]


def test_the_person_reads_what_is_asked_and_the_resource_learns_it(
    browser: Browser, planner: RelyingParty, grades: RelyingParty, person: Known
) -> None:
    answer = planner.exchange(agree(browser, planner, person, asked(TRANSCRIPT))).body
    assert answer["authorization_details"] == [TRANSCRIPT]
    assert grades.introspect(answer["access_token"]).body["authorization_details"] == [TRANSCRIPT]


def test_details_are_of_one_case_so_that_the_person_is_asked_each_time(
    browser: Browser, planner: RelyingParty, person: Known
) -> None:
    agree(browser, planner, person, asked(TRANSCRIPT))
    page = browser.get(planner.authorize_url(authorization_details=asked(OTHER)))
    assert "查看成绩单" in page.text
    assert page.form("decision")
    silent = browser.get(planner.authorize_url(authorization_details=asked(OTHER), prompt="none"))
    assert silent.query["error"] == "consent_required"


def test_the_app_may_take_a_part_and_never_more(browser: Browser, planner: RelyingParty, person: Known) -> None:
    code = agree(browser, planner, person, asked(TRANSCRIPT, OTHER))
    answer = planner.exchange(code, authorization_details=asked(OTHER)).body
    assert answer["authorization_details"] == [OTHER]
    wider = {**TRANSCRIPT, "actions": ["read", "write"]}
    refused = planner.refresh(answer["refresh_token"], authorization_details=asked(wider))
    assert refused.error == "invalid_authorization_details"


@pytest.mark.parametrize(
    "text",
    [
        "transcript",
        "{}",
        "[1]",
        '["transcript"]',
        "[{}]",
        '[{"type":1}]',
        '[{"type":"transcript","actions":"read"}]',
        '[{"type":"transcript","locations":[1]}]',
        '[{"type":"transcript","identifier":7}]',
        '[{"type":"transcript","type":"transcript"}]',
        '[{"type":"unknown"}]',
        json.dumps([TRANSCRIPT] * 11),
        '[{"type":"transcript","year":NaN}]',
    ],
)
def test_details_that_are_not_as_they_must_be_are_refused(browser: Browser, planner: RelyingParty, text: str) -> None:
    page = browser.get(planner.authorize_url(authorization_details=text))
    assert page.location.startswith(CALLBACK)
    assert page.query["error"] == "invalid_authorization_details"


def test_an_app_that_is_not_registered_for_the_type_may_not_ask_for_it(
    browser: Browser, rp: RelyingParty, grades: RelyingParty
) -> None:
    page = browser.get(rp.authorize_url(authorization_details=asked(TRANSCRIPT)))
    assert page.query["error"] == "invalid_authorization_details"


def test_the_discovery_document_names_the_types_that_exist(planner: RelyingParty) -> None:
    document = planner.app.test_client().get("/.well-known/openid-configuration").get_json()
    assert document["authorization_details_types_supported"] == ["transcript"]
