"""Implicit and hybrid flows, and the three ways an answer travels."""

import pytest
from flask import Flask

from idp.deployment import Deployment
from idp.oidc.authorize.response import RESPONSE_TYPES
from tests.people import PASSWORD, Known
from tests.web.pages import Browser, Page
from tests.web.relying_party import CALLBACK, RelyingParty, register_app

ISSUERS = {"sm": "SGD_SM3_SM2", "intl": "RS256"}


@pytest.fixture(params=list(ISSUERS))
def party(request: pytest.FixtureRequest, app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """A trusted app that is registered for every flow, on each issuer."""
    return register_app(
        app,
        deployment,
        school,
        issuer=request.param,
        trusted=True,
        grant_types=("authorization_code", "implicit", "refresh_token"),
        response_types=RESPONSE_TYPES,
    )


def answered(browser: Browser, party: RelyingParty, person: Known, **changes: str | None) -> Page:
    page = browser.get(party.authorize_url(**changes))
    return browser.sign_in(person.number, PASSWORD) if page.forms and "password" in page.form("account").fields else page


@pytest.mark.parametrize("response_type", RESPONSE_TYPES)
def test_each_response_type_gives_what_it_names_and_nothing_else(
    browser: Browser, party: RelyingParty, person: Known, response_type: str
) -> None:
    page = answered(browser, party, person, response_type=response_type)
    words = set(response_type.split())
    assert page.location.startswith(CALLBACK + ("?" if words == {"code"} else "#"))
    assert page.query["state"] == party.state
    assert page.query["iss"].endswith("/intl" if party.issuer == "intl" else ":8000")
    assert ("code" in page.query, "access_token" in page.query, "id_token" in page.query) == (
        "code" in words,
        "token" in words,
        "id_token" in words,
    )
    assert "refresh_token" not in page.query
    if "id_token" in words:
        claims = party.claims_of(page.query["id_token"])
        assert claims["nonce"] == party.nonce
        assert ("c_hash" in claims, "at_hash" in claims) == ("code" in words, "token" in words)
        assert ("name" in claims) == (words == {"id_token"})
    if "token" in words:
        assert page.query["token_type"] == "Bearer"
        assert party.userinfo(page.query["access_token"]).body["name"] == "林小雨"
    if "code" in words:
        tokens = party.exchange(page.query["code"]).body
        assert party.claims_of(tokens["id_token"])["sub"]


def test_the_order_of_the_words_means_nothing(browser: Browser, party: RelyingParty, person: Known) -> None:
    page = answered(browser, party, person, response_type="token id_token code")
    assert {"code", "access_token", "id_token"} <= set(page.query)


def test_a_code_and_a_token_of_one_answer_are_one_family(browser: Browser, party: RelyingParty, person: Known) -> None:
    page = answered(browser, party, person, response_type="code token")
    assert party.exchange(page.query["code"]).status == 200
    assert party.exchange(page.query["code"]).error == "invalid_grant"
    assert party.userinfo(page.query["access_token"]).status == 401


@pytest.mark.parametrize("response_type", [name for name in RESPONSE_TYPES if "id_token" in name])
def test_an_id_token_through_the_browser_needs_a_nonce(browser: Browser, party: RelyingParty, response_type: str) -> None:
    page = browser.get(party.authorize_url(response_type=response_type, nonce=None))
    assert page.location.startswith(CALLBACK + "#")
    assert page.query["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", [name for name in RESPONSE_TYPES if name != "code"])
def test_tokens_never_travel_in_a_query(browser: Browser, party: RelyingParty, response_type: str) -> None:
    page = browser.get(party.authorize_url(response_type=response_type, response_mode="query"))
    assert page.location.startswith(CALLBACK + "#")
    assert page.query["error"] == "invalid_request"


def test_without_a_code_no_challenge_is_needed_and_with_one_it_is(browser: Browser, party: RelyingParty, person: Known) -> None:
    nothing: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    assert "id_token" in answered(browser, party, person, response_type="id_token", **nothing).query
    assert browser.get(party.authorize_url(response_type="code id_token", **nothing)).query["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", ["code", "code id_token token"])
def test_a_form_post_carries_the_answer_in_a_page_that_sends_itself(
    browser: Browser, party: RelyingParty, person: Known, response_type: str
) -> None:
    page = answered(browser, party, person, response_type=response_type, response_mode="form_post")
    assert page.status == 200
    form = next(form for form in page.forms if form.action == CALLBACK)
    assert form.method == "post"
    assert form.fields["state"] == party.state
    assert "code" in form.fields
    assert "csrf_token" not in form.fields
    assert "send_answer.js" in page.text
    assert "form-action 'self' https://app.example.edu.cn;" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


def test_an_error_travels_the_same_way(browser: Browser, party: RelyingParty) -> None:
    page = browser.get(party.authorize_url(response_mode="form_post", prompt="none"))
    assert next(form for form in page.forms if form.action == CALLBACK).fields["error"] == "login_required"
    page = browser.get(party.authorize_url(response_mode="fragment", prompt="none"))
    assert page.location.startswith(CALLBACK + "#error=login_required")


def test_what_an_app_sent_as_state_cannot_break_out_of_the_page(browser: Browser, party: RelyingParty) -> None:
    page = browser.get(party.authorize_url(response_mode="form_post", prompt="none", state='"><script>alert(1)</script>'))
    assert "<script>alert" not in page.text
    assert next(form for form in page.forms if form.action == CALLBACK).fields["state"] == '"><script>alert(1)</script>'
