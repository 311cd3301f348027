"""npm's openid-client 6, which no one here wrote, through every flow that it and the provider both know, on the international issuer."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from idp.oidc.clients import initial_access
from idp.oidc.clients.metadata import CIBA, DEVICE_CODE, TOKEN_EXCHANGE
from tests.flows.conftest import Newcomer, Site, agree, sign_in
from tests.people import OPERATOR
from tests.services.openid_client import Apps, make_keys, run_openid_client, running_openid_client

GRADES, LIBRARY = "https://grades.example.edu.cn/api", "urn:example:library"
FLOWS = ("code", "form_post", "signed", "fapi2", "decoupled", "exchange")


def register_apps(site: Site, apps: Apps) -> None:
    """One app for each way of speaking to the provider."""

    def add(name: str, *algorithms: str, **changes: object) -> None:
        keys = make_keys(*algorithms) if algorithms else None
        if keys is not None:
            changes |= {"token_endpoint_auth_method": "private_key_jwt", "jwks": keys.jwks}
        changes = {"issuer": "intl", "id_token_signed_response_alg": "ES256", **changes}
        apps.add(name, site.register(f"Node {name}", f"{apps.url}/callback", f"{apps.url}/bye", **changes), keys)

    add(
        "plain",
        required_level=2,
        id_token_signed_response_alg="RS256",
        grant_types=("authorization_code", "refresh_token", "implicit"),
        response_types=("code", "code id_token", "id_token"),
    )
    encrypted = {
        f"{purpose}_encrypted_response_{part}": value
        for purpose in ("id_token", "userinfo", "authorization")
        for part, value in (("alg", "ECDH-ES"), ("enc", "A256GCM"))
    }
    add(
        "signed",
        "ES256",
        "ECDH-ES",
        trusted=True,
        require_signed_request_object=True,
        request_object_signing_alg="ES256",
        authorization_signed_response_alg="ES256",
        userinfo_signed_response_alg="ES256",
        **encrypted,
    )
    add(
        "fapi2",
        "ES256",
        trusted=True,
        profile="fapi2",
        require_pushed_authorization_requests=True,
        dpop_bound_access_tokens=True,
    )
    add("screen", grant_types=(DEVICE_CODE,))
    add("desk", "ES256", grant_types=(CIBA,), backchannel_token_delivery_mode="poll")
    resource = {"introspects": True, "introspection_signed_response_alg": "ES256", "access_token_format": "jwt"}
    add("library", grant_types=("client_credentials",), resources=(LIBRARY,), **resource)
    add("grades", grant_types=(TOKEN_EXCHANGE,), resources=(GRADES,), exchanges=(LIBRARY,), **resource)
    add("front", trusted=True, accesses=(GRADES,))


@pytest.fixture(scope="module")
def node(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    """The app, started once for each database."""
    apps = Apps(f"{site.url}/intl")
    register_apps(site, apps)
    log = tmp_path_factory.mktemp("node") / "node.log"
    with running_openid_client(apps, *FLOWS, log=log, GRADES=GRADES, LIBRARY=LIBRARY):
        yield apps


@pytest.fixture
def person(site: Site) -> Newcomer:
    return site.newcomer(totp=True)


Play = Callable[[str], Any]


@pytest.fixture
def play(site: Site, node: Apps, page: Page, person: Newcomer) -> Play:
    """Goes through a flow in the browser, signing in where that is asked; returns what the app found."""

    def through(flow: str) -> Any:
        page.goto(f"{node.url}/start/{flow}")
        if page.locator("[name=password]").count():
            sign_in(page, person)
        if page.locator("button[value=agree]").count():
            agree(page)
        page.wait_for_url(f"{node.url}/callback*")
        return read(page)

    return through


def read(page: Page) -> Any:
    text = page.inner_text("body")
    assert text.startswith("{"), text
    return json.loads(text)


def test_it_signs_in_refreshes_introspects_revokes_and_signs_out(
    site: Site, page: Page, node: Apps, person: Newcomer, play: Play
) -> None:
    found = play("code")
    assert found["claims"]["iss"] == f"{site.url}/intl"
    assert found["claims"]["acr"] == "urn:yima:acr:2"
    assert found["claims"]["amr"] == ["pwd", "otp", "mfa"]
    assert found["userinfo"]["name"] == person.name
    assert found["userinfo"]["sub"] == found["claims"]["sub"]
    assert (found["active"], found["revoked"]) == (True, False)
    assert found["replay"] == "invalid_grant"
    page.goto(found["signOut"])
    assert page.url == f"{node.url}/bye"
    page.goto(f"{site.url}/me")
    expect(page.locator("[name=password]")).to_be_visible()


def test_a_pushed_request_a_bound_token_and_posted_answers_name_the_same_person(play: Play, person: Newcomer) -> None:
    pushed = play("par")
    bound = play("dpop")
    assert (bound["type"].lower(), bound["userinfo"]["name"], bound["replay"]) == ("dpop", person.name, "invalid_grant")
    subjects = {pushed["claims"]["sub"], bound["claims"]["sub"], play("hybrid")["claims"]["sub"], play("implicit")["claims"]["sub"]}
    assert len(subjects) == 1


def test_a_signed_request_is_answered_by_a_signed_and_encrypted_answer_id_token_and_userinfo(play: Play, person: Newcomer) -> None:
    found = play("signed")
    assert found["sent"] == ["client_id", "request"]
    assert found["received"] == ["response"]
    assert found["userinfo"]["name"] == person.name
    assert found["userinfo"]["sub"] == found["claims"]["sub"]
    assert found["userinfoWasEncrypted"] is True


def test_an_app_under_fapi2_pushes_its_request_and_holds_tokens_that_nobody_else_can_use(play: Play, person: Newcomer) -> None:
    found = play("fapi2")
    assert found["sent"] == ["client_id", "request_uri"]
    assert found["type"].lower() == "dpop"
    assert found["userinfo"]["name"] == person.name
    assert found["rotated"] is False
    assert found["stolen"] == "invalid_token"


def test_a_token_is_exchanged_for_the_next_resource_which_learns_who_acts_from_a_signed_answer(play: Play, node: Apps) -> None:
    found = play("exchange")
    assert found["issued"] == "urn:ietf:params:oauth:token-type:access_token"
    assert found["known"]["active"] is True
    assert found["known"]["aud"] == [LIBRARY]
    assert found["known"]["act"] == {"sub": node.told["grades"]["id"]}
    assert found["notForIt"] is False


def test_a_person_agrees_on_their_phone_to_what_a_screen_and_a_service_desk_ask(page: Page, node: Apps, person: Newcomer) -> None:
    page.goto(f"{node.url}/start/ciba?login_hint={person.known.number}")
    sign_in(page, person)
    expect(page.get_by_text("服务台 7")).to_be_visible()
    agree(page)
    page.goto(f"{node.url}/start/device")
    agree(page)
    for flow in ("ciba", "device"):
        page.goto(f"{node.url}/result/{flow}")
        found = read(page)
        assert found["userinfo"]["name"] == person.name
        assert found["claims"]["amr"] == ["pwd", "otp", "mfa"]


def test_an_app_registers_itself_once_and_gets_asks_about_and_gives_back_a_token_of_its_own(site: Site) -> None:
    with site.deployment.transaction(OPERATOR) as tx:
        right = initial_access.issue(tx, site.school, ("openid",), uses=1, lifetime=timedelta(minutes=5))
    found = run_openid_client("machine", Apps(f"{site.url}/intl"), INITIAL_ACCESS_TOKEN=right)
    assert (found["client_name"], found["token_endpoint_auth_method"]) == ("课表同步", "client_secret_post")
    assert found["again"] == "invalid_token"
    assert found["type"].lower() == "bearer"
    assert (found["known"]["active"], found["known"]["sub"]) == (True, found["client_id"])
    assert found["revoked"] is False
    assert found["noPerson"] in ("invalid_token", "insufficient_scope")
    assert found["stranger"] == "invalid_client"
