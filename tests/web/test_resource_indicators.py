"""Resource indicators (RFC 8707): a token is for the resource it was asked for, and nothing can be done with it at another."""

import json
from urllib.parse import urlencode

import pytest
from flask import Flask

from idp.apps.errors import InvalidRegistration
from idp.crypto import base64url
from idp.deployment import Deployment
from tests.people import PASSWORD, Known
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import CALLBACK, Answer, RelyingParty, register_app
from tests.web.resource_server import GRADES, LIBRARY, grades, library, planner

__all__ = ["grades", "library", "planner"]


def own(party: RelyingParty, **more: str) -> Answer:
    return party.authenticated("token", {"grant_type": "client_credentials", **more})


def claims(token: str) -> dict[str, object]:
    return dict(json.loads(base64url.decode(token.split(".")[1])))


def test_a_token_for_a_resource_says_so_where_that_resource_asks(
    browser: Browser, planner: RelyingParty, grades: RelyingParty, person: Known
) -> None:
    token = planner.exchange(sign_in_to(browser, planner, person, resource=GRADES)).body["access_token"]
    told = grades.introspect(token).body
    assert (told["active"], told["aud"], told["client_id"]) == (True, [GRADES], planner.client_id)


def test_a_token_for_one_resource_is_nothing_at_another(
    browser: Browser, planner: RelyingParty, library: RelyingParty, person: Known
) -> None:
    token = planner.exchange(sign_in_to(browser, planner, person, resource=GRADES)).body["access_token"]
    assert library.introspect(token).body == {"active": False}
    assert planner.userinfo(token).error == "invalid_token"


def test_a_token_without_a_resource_is_for_us(browser: Browser, planner: RelyingParty, person: Known) -> None:
    token = planner.exchange(sign_in_to(browser, planner, person)).body["access_token"]
    assert planner.userinfo(token).status == 200


def test_our_own_address_is_a_resource_for_every_app(browser: Browser, rp: RelyingParty, person: Known) -> None:
    token = rp.exchange(sign_in_to(browser, rp, person, resource=HOST)).body["access_token"]
    assert rp.userinfo(token).body["name"] == "林小雨"


def test_of_two_granted_resources_the_app_takes_a_token_for_each(
    browser: Browser, planner: RelyingParty, grades: RelyingParty, library: RelyingParty, person: Known
) -> None:
    url = planner.authorize_url(resource=GRADES) + "&" + urlencode({"resource": LIBRARY})
    browser.get(url)
    browser.sign_in(person.number, PASSWORD)
    code = browser.submit(decision="agree").query["code"]
    first = planner.exchange(code, resource=GRADES).body
    assert grades.introspect(first["access_token"]).body["aud"] == [GRADES]
    second = planner.refresh(first["refresh_token"], resource=LIBRARY).body
    assert claims(second["access_token"])["aud"] == LIBRARY
    assert claims(second["access_token"])["acr"] == "urn:yima:acr:1"
    third = planner.refresh(second["refresh_token"]).body
    assert planner.introspect(third["access_token"]).body["aud"] == [GRADES, LIBRARY]


def test_no_token_is_for_more_than_the_person_agreed_to(browser: Browser, planner: RelyingParty, person: Known) -> None:
    code = sign_in_to(browser, planner, person, resource=GRADES)
    assert planner.exchange(code, resource=LIBRARY).error == "invalid_target"


def test_an_apps_own_token_is_for_the_resource_too_in_the_format_it_wants(planner: RelyingParty, grades: RelyingParty) -> None:
    assert grades.introspect(own(planner, resource=GRADES).body["access_token"]).body["aud"] == [GRADES]
    token = own(planner, resource=LIBRARY).body["access_token"]
    assert claims(token)["aud"] == LIBRARY
    assert claims(token)["sub"] == planner.client_id
    assert planner.claims_of(token)["client_id"] == planner.client_id


@pytest.mark.parametrize(
    "resource",
    ["https://nobody.example/", "grades", "https://grades.example.edu.cn/api#part", "/api", "https://grades.example.edu.cn/API"],
)
def test_a_resource_that_is_not_there_is_refused_at_every_door(browser: Browser, planner: RelyingParty, resource: str) -> None:
    page = browser.get(planner.authorize_url(resource=resource))
    assert page.location.startswith(CALLBACK)
    assert page.query["error"] == "invalid_target"
    assert own(planner, resource=resource).error == "invalid_target"
    pushed = planner.authenticated("par", {**planner.parameters(resource=resource)})
    assert pushed.error == "invalid_target"


def test_a_resource_that_no_administrator_gave_the_app_is_refused(rp: RelyingParty, grades: RelyingParty, browser: Browser) -> None:
    assert browser.get(rp.authorize_url(resource=GRADES)).query["error"] == "invalid_target"


def test_too_many_resources_are_refused(planner: RelyingParty) -> None:
    body = urlencode([("grant_type", "client_credentials"), *(("resource", f"urn:example:{n}") for n in range(6))])
    response = planner.app.test_client().post(
        "/oauth/token",
        data=body,
        headers=planner.basic(),
        content_type="application/x-www-form-urlencoded",
        base_url=HOST,
    )
    assert (response.status_code, response.get_json()["error"]) == (400, "invalid_target")


@pytest.mark.parametrize("uri", ["grades", "https://grades.example.edu.cn/#x", "/api", ""])
def test_a_resource_server_is_registered_for_identifiers_that_can_be(
    app: Flask, deployment: Deployment, school: str, uri: str
) -> None:
    with pytest.raises(InvalidRegistration):
        register_app(app, deployment, school, resources=(uri,))
