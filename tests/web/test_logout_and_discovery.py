"""Sign-out by an app, and the documents that tell apps what is here."""

from urllib.parse import urlencode

import pytest
from flask import Flask

from idp.deployment import Deployment
from idp.oidc.provider import EXTENSION
from tests.clocks import SettableClock
from tests.people import Known
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import AFTER, RelyingParty, register_app


def logout(browser: Browser, **parameters: str) -> str:
    """Opens the logout endpoint and says where the browser ended: ``app``, ``asked``, ``done`` or the status."""
    page = browser.get(f"{HOST}/oauth/logout?{urlencode(parameters)}")
    if page.location.startswith("https://"):
        return page.location
    if page.status != 200:
        return str(page.status)
    return "asked" if page.url.endswith("/logout") else "done"


@pytest.fixture
def id_token(browser: Browser, rp: RelyingParty, person: Known) -> str:
    return str(rp.exchange(sign_in_to(browser, rp, person)).body["id_token"])


def is_signed_in(browser: Browser) -> bool:
    return "林小雨" in browser.get("/me").text


def test_with_its_own_token_an_app_signs_the_person_out_and_gets_them_back(
    browser: Browser, rp: RelyingParty, id_token: str
) -> None:
    assert logout(browser, id_token_hint=id_token, post_logout_redirect_uri=AFTER, state="a b&c") == f"{AFTER}?state=a%20b%26c"
    assert not is_signed_in(browser)


def test_an_expired_token_still_tells_whose_session_it_was(browser: Browser, id_token: str, clock: SettableClock) -> None:
    clock.forward(hours=2)
    assert logout(browser, id_token_hint=id_token, post_logout_redirect_uri=AFTER) == AFTER


def test_without_a_token_the_person_is_asked_and_not_redirected(browser: Browser, rp: RelyingParty, id_token: str) -> None:
    assert logout(browser, client_id=rp.client_id, post_logout_redirect_uri=AFTER) == "asked"
    assert is_signed_in(browser)


@pytest.mark.parametrize(
    "uri", ["https://evil.example/", AFTER + "x", "https://app.example.edu.cn", "javascript:alert(1)", "//evil.example"]
)
def test_an_address_that_is_not_registered_is_refused_and_nobody_is_signed_out(browser: Browser, id_token: str, uri: str) -> None:
    assert logout(browser, id_token_hint=id_token, post_logout_redirect_uri=uri) == "400"
    assert is_signed_in(browser)


@pytest.mark.parametrize("change", [lambda t: t[:-4] + "AAAA", lambda t: "x", lambda t: t.replace(".", "", 1), lambda t: "a.b.c"])
def test_a_token_that_is_not_ours_signs_nobody_out(browser: Browser, id_token: str, change: object) -> None:
    assert logout(browser, id_token_hint=change(id_token)) == "400"  # type: ignore[operator]
    assert is_signed_in(browser)


def test_a_token_with_another_client_id_signs_nobody_out(browser: Browser, id_token: str) -> None:
    assert logout(browser, id_token_hint=id_token, client_id="app_other", post_logout_redirect_uri=AFTER) == "400"


def test_a_token_of_another_browsers_session_leads_to_the_question(
    app: Flask, browser: Browser, rp: RelyingParty, person: Known, id_token: str
) -> None:
    other = Browser(app)
    sign_in_to(other, rp, person)
    assert logout(other, id_token_hint=id_token, post_logout_redirect_uri=AFTER) == "asked"
    assert is_signed_in(other)


def test_where_nobody_is_signed_in_the_person_simply_goes_back(app: Flask, id_token: str) -> None:
    assert logout(Browser(app), id_token_hint=id_token, post_logout_redirect_uri=AFTER) == AFTER


def test_a_token_of_one_issuer_is_not_ours_at_the_other(browser: Browser, id_token: str) -> None:
    page = browser.get(f"{HOST}/intl/oauth/logout?id_token_hint={id_token}")
    assert page.status == 400


def document(app: Flask, path: str) -> dict[str, object]:
    response = app.test_client().get(path, base_url=HOST)
    assert response.status_code == 200
    return dict(response.get_json())


@pytest.mark.parametrize(("prefix", "algorithms"), [("", ["SGD_SM3_SM2"]), ("/intl", ["RS256", "ES256", "PS256"])])
def test_discovery_promises_what_is_there(app: Flask, prefix: str, algorithms: list[str]) -> None:
    found = document(app, f"{prefix}/.well-known/openid-configuration")
    assert found["issuer"] == HOST + prefix
    assert found["id_token_signing_alg_values_supported"] == algorithms
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    client = app.test_client()
    for name, value in found.items():
        if name.endswith(("_endpoint", "_uri")):
            status = client.get(str(value).removeprefix(HOST), base_url=HOST).status_code
            assert status in (200, 302, 400, 401, 405), (name, status)


def test_each_issuers_key_set_holds_its_own_algorithms_and_no_private_number(app: Flask) -> None:
    for path, algorithms in (("/oauth/jwks", {"SGD_SM3_SM2"}), ("/intl/oauth/jwks", {"RS256", "ES256", "PS256"})):
        keys = document(app, path)["keys"]
        assert isinstance(keys, list)
        assert {key["alg"] for key in keys} == algorithms
        assert len({key["kid"] for key in keys}) == len(keys) == 2 * len(algorithms)
        assert not any({"d", "p", "q"} & set(key) for key in keys)


def test_documents_are_told_by_an_etag_and_may_be_read_by_any_script(app: Flask) -> None:
    client = app.test_client()
    first = client.get("/oauth/jwks", base_url=HOST)
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get("/oauth/jwks", base_url=HOST, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.get_data() == b""
    assert client.head("/oauth/jwks", base_url=HOST).status_code == 200
    assert client.post("/oauth/jwks", base_url=HOST).status_code == 405


def test_the_registration_of_an_app_is_kept_for_seconds_and_then_read_again(
    app: Flask, deployment: Deployment, school: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("idp.oidc.clients.client.time.monotonic", lambda: now[0])
    party = register_app(app, deployment, school)
    clients = app.extensions[EXTENSION].clients
    first = clients.get(party.client_id)
    now[0] += deployment.settings.client_cache - 1
    assert clients.get(party.client_id) is first
    now[0] += 1
    assert clients.get(party.client_id) is not first
