"""What tokens open: UserInfo, introspection, revocation; and what opens nothing."""

import base64
import json
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp import emergency, housekeeping, session_end
from idp.deployment import Deployment
from idp.login.tables import BrowserSession
from idp.oidc.tables import AccessToken, AuthorizationCode, Grant, RefreshToken
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import CALLBACK, RelyingParty, register_app


def test_userinfo_tells_what_the_scopes_give_and_the_same_subject(rp: RelyingParty, tokens: dict[str, str], school: str) -> None:
    answer = rp.userinfo(tokens["access_token"])
    assert answer.status == 200
    assert answer.body == {
        "sub": rp.claims_of(tokens["id_token"])["sub"],
        "name": "林小雨",
        "locale": "zh-CN",
        "school_code": school,
        "affiliations": [{"school_code": school, "school_name": "第一小学", "role": "student", "local_number": "S001"}],
    }


def test_contact_details_and_the_person_number_come_by_their_own_scopes(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known
) -> None:
    special = register_app(app, deployment, school, scopes={"openid", "email", "phone", "person_number"})
    token = special.exchange(sign_in_to(browser, special, person, scope="openid email phone person_number")).body["access_token"]
    body = special.userinfo(token).body
    assert (body["email"], body["phone_number"], body["person_number"]) == ("lin@example.edu.cn", "+8613800000000", person.number)
    assert body["email_verified"] is body["phone_number_verified"] is False
    assert "name" not in body


def test_a_childs_contact_details_are_not_given_whatever_was_agreed(
    browser: Browser, app: Flask, deployment: Deployment, school: str, rp: RelyingParty
) -> None:
    child = make_person(
        deployment,
        school,
        name="林小花",
        document="CHILD1234",
        born=date(2015, 1, 1),
        email="child@example.edu.cn",
        phone="13900000000",
    )
    token = rp.exchange(sign_in_to(browser, rp, child, scope="openid profile email phone")).body["access_token"]
    body = rp.userinfo(token).body
    assert body["age_band"] == "under_14"
    assert not {"email", "phone_number"} & set(body)


def test_apps_of_different_hosts_know_a_person_by_different_names(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known, rp: RelyingParty
) -> None:
    elsewhere = register_app(app, deployment, school, redirect_uris=(CALLBACK, "https://other.example.edu.cn/callback"))
    same_host = register_app(app, deployment, school)
    subjects = [
        party.claims_of(party.exchange(sign_in_to(browser, party, person)).body["id_token"])["sub"]
        for party in (rp, elsewhere, same_host)
    ]
    assert subjects[0] == subjects[2] != subjects[1]


def test_a_jwt_access_token_verifies_by_itself_and_can_be_revoked(
    app: Flask, deployment: Deployment, school: str, browser: Browser, person: Known
) -> None:
    party = register_app(app, deployment, school, access_token_format="jwt")
    token = party.exchange(sign_in_to(browser, party, person)).body["access_token"]
    claims = party.claims_of(token)
    assert claims["client_id"] == party.client_id
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["typ"] == "at+jwt"
    assert party.userinfo(token).status == 200
    assert party.introspect(token).body["active"] is True
    assert party.authenticated("revoke", {"token": token}).status == 200
    assert party.userinfo(token).status == 401
    assert party.introspect(token).body == {"active": False}


def test_what_a_key_in_wrong_hands_has_signed_opens_nothing_and_sessions_end_with_it(
    app: Flask, deployment: Deployment, school: str, browser: Browser, person: Known, clock: SettableClock
) -> None:
    party = register_app(app, deployment, school, access_token_format="jwt")
    tokens = party.exchange(sign_in_to(browser, party, person, scope="openid offline_access", prompt="consent")).body
    kid = json.loads(base64.urlsafe_b64decode(tokens["access_token"].split(".")[0] + "=="))["kid"]
    with deployment.transaction(OPERATOR) as tx:
        emergency.revoke_key(tx, deployment, kid, "laptop stolen")
    deployment.ring.forget()
    assert party.userinfo(tokens["access_token"]).status == 401
    assert party.introspect(tokens["access_token"]).body == {"active": False}
    fresh = party.refresh(tokens["refresh_token"]).body
    assert party.userinfo(fresh["access_token"]).status == 200
    later = clock.now() + timedelta(seconds=1)
    assert emergency.end_sessions(deployment, OPERATOR, later, session_end.endings(deployment)) == (0, 0)
    began = clock.now() - timedelta(hours=1)
    assert emergency.end_sessions(deployment, OPERATOR, began, session_end.endings(deployment)) == (1, 1)
    assert party.userinfo(fresh["access_token"]).status == 401
    assert party.refresh(fresh["refresh_token"]).error == "invalid_grant"


def test_an_id_token_is_no_access_token(rp: RelyingParty, tokens: dict[str, str]) -> None:
    assert rp.userinfo(tokens["id_token"]).status == 401
    assert rp.introspect(tokens["id_token"]).body == {"active": False}


@pytest.mark.parametrize("token", ["", "x", "x" * 9000, "a.b.c", "中文", "'; --"])
def test_a_token_that_is_none_opens_nothing(rp: RelyingParty, tokens: dict[str, str], token: str) -> None:
    response = rp.app.test_client().get(
        "/oauth/userinfo", headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")}, base_url=HOST
    )
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_in_the_address_is_not_looked_at(rp: RelyingParty, tokens: dict[str, str]) -> None:
    response = rp.app.test_client().get(f"/oauth/userinfo?access_token={tokens['access_token']}", base_url=HOST)
    assert response.status_code == 401


def test_a_token_in_the_body_is_accepted_and_two_are_not(rp: RelyingParty, tokens: dict[str, str]) -> None:
    assert rp.call("userinfo", {"access_token": tokens["access_token"]}).status == 200
    both = rp.call(
        "userinfo", {"access_token": tokens["access_token"]}, headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    assert (both.status, both.error) == (400, "invalid_request")


def test_an_access_token_ends_with_its_time(rp: RelyingParty, tokens: dict[str, str], clock: SettableClock) -> None:
    clock.forward(seconds=3600)
    assert rp.userinfo(tokens["access_token"]).status == 401


def test_introspection_is_for_the_clients_own_tokens_and_for_resource_servers(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty, tokens: dict[str, str]
) -> None:
    own = rp.introspect(tokens["access_token"]).body
    assert own["active"] is True
    assert own["client_id"] == rp.client_id
    assert own["acr"] == "urn:yima:acr:1"
    assert own["sub"] == rp.claims_of(tokens["id_token"])["sub"]
    assert rp.introspect(tokens["refresh_token"]).body["active"] is True
    stranger, server = register_app(app, deployment, school), register_app(app, deployment, school, introspects=True)
    assert stranger.introspect(tokens["access_token"]).body == {"active": False}
    assert server.introspect(tokens["access_token"]).body["active"] is True
    assert server.introspect(tokens["refresh_token"]).body == {"active": False}
    public = register_app(app, deployment, school, token_endpoint_auth_method="none")
    assert public.introspect(tokens["access_token"]).error == "invalid_client"
    assert rp.call("introspect", {"token": tokens["access_token"]}).status == 401


def test_revocation_is_for_the_clients_own_tokens_and_unknown_ones_are_fine(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty, tokens: dict[str, str]
) -> None:
    stranger = register_app(app, deployment, school)
    assert stranger.authenticated("revoke", {"token": tokens["refresh_token"]}).status == 200
    assert stranger.authenticated("revoke", {"token": tokens["access_token"]}).status == 200
    assert rp.userinfo(tokens["access_token"]).status == 200
    assert rp.authenticated("revoke", {"token": "unknown"}).status == 200
    assert rp.authenticated("revoke", {}).error == "invalid_request"
    assert rp.authenticated("revoke", {"token": tokens["refresh_token"], "token_type_hint": "access_token"}).status == 200
    assert rp.userinfo(tokens["access_token"]).status == 401
    assert rp.refresh(tokens["refresh_token"]).error == "invalid_grant"


def test_what_can_no_longer_be_alive_leaves_the_tables_and_what_can_stays(
    browser: Browser, rp: RelyingParty, person: Known, deployment: Deployment, clock: SettableClock, tokens: dict[str, str]
) -> None:
    tables = (Grant, BrowserSession, AuthorizationCode, RefreshToken, AccessToken)

    def rows() -> list[int | None]:
        with deployment.reading() as session:
            return [session.scalar(select(func.count()).select_from(table)) for table in tables]

    assert rows() == [1, 1, 1, 1, 1]
    housekeeping.purge(deployment)
    assert rows() == [1, 1, 1, 1, 1]
    clock.forward(days=2)
    housekeeping.purge(deployment)
    assert rows() == [1, 0, 0, 1, 0]
    assert rp.refresh(tokens["refresh_token"]).status == 200
    clock.forward(days=92)
    housekeeping.purge(deployment)
    assert rows() == [0, 0, 0, 0, 0]
