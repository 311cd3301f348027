"""The token endpoint and what tokens open: codes and refresh tokens spent once, stolen ones worth nothing."""

import base64
import json
import secrets
from datetime import date, timedelta

import pytest
from flask import Flask
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import event, func, select, text

from idp.app import create_app
from idp.crypto.jose import SoftwareSigner, generate_signer, jwt
from idp.deployment import Deployment
from idp.keys import rotation
from idp.oidc import registration
from idp.oidc.tables import AccessToken
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.web.conftest import sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import CALLBACK, Answer, RelyingParty, register_app


@pytest.fixture
def code(browser: Browser, rp: RelyingParty, person: Known) -> str:
    return sign_in_to(browser, rp, person)


@pytest.fixture
def tokens(rp: RelyingParty, code: str) -> dict[str, str]:
    answer = rp.exchange(code)
    assert answer.status == 200, answer.body
    return dict(answer.body)


def test_a_code_gives_tokens_and_the_id_token_says_who_how_and_for_whom(
    rp: RelyingParty, tokens: dict[str, str], person: Known, clock: SettableClock
) -> None:
    claims = rp.claims_of(tokens["id_token"])
    now = int(clock.now().timestamp())
    assert claims["iss"] == "http://localhost:8000"
    assert claims["aud"] == rp.client_id
    assert claims["nonce"] == rp.nonce
    assert claims["acr"] == "urn:yima:acr:1"
    assert claims["amr"] == ["pwd"]
    assert (claims["iat"], claims["exp"], claims["auth_time"]) == (now, now + 3600, now)
    assert person.number not in json.dumps(claims)
    assert tokens["token_type"] == "Bearer"
    assert json.loads(base64.urlsafe_b64decode(tokens["id_token"].split(".")[0] + "=="))["alg"] == "SGD_SM3_SM2"


def test_the_answer_with_tokens_is_not_kept_by_anyone(rp: RelyingParty, code: str) -> None:
    headers = rp.exchange(code).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(("algorithm", "key_type"), [("RS256", RSAKey), ("ES256", ECKey), ("PS256", RSAKey)])
def test_the_international_issuer_signs_what_common_libraries_verify(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known, algorithm: str, key_type: type
) -> None:
    other = register_app(app, deployment, school, issuer="intl", id_token_alg=algorithm)
    token = other.exchange(sign_in_to(browser, other, person)).body["id_token"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    keys = other.call("jwks", method="GET").body["keys"]
    assert {key.get("crv") for key in keys} <= {None, "P-256"}
    key = key_type.import_key(next(key for key in keys if key["kid"] == header["kid"]))  # type: ignore[attr-defined]
    claims = joserfc_jwt.decode(token, key, algorithms=[algorithm]).claims
    assert claims["iss"] == "http://localhost:8000/intl"


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


def test_a_code_used_twice_takes_back_everything_it_gave(rp: RelyingParty, code: str) -> None:
    first = rp.exchange(code)
    assert rp.userinfo(first.body["access_token"]).status == 200
    second = rp.exchange(code)
    assert (second.status, second.error) == (400, "invalid_grant")
    assert rp.userinfo(first.body["access_token"]).status == 401
    assert rp.refresh(first.body["refresh_token"]).error == "invalid_grant"


def test_one_code_sent_twenty_times_at_once_is_exchanged_once(rp: RelyingParty, code: str) -> None:
    answers = [answer for answer in at_once(lambda _: rp.exchange(code)) if isinstance(answer, Answer)]
    assert sorted(answer.status for answer in answers) == [200] + [400] * 19
    assert {answer.error for answer in answers if answer.status == 400} == {"invalid_grant"}


def test_one_refresh_token_sent_twenty_times_at_once_is_spent_once(rp: RelyingParty, tokens: dict[str, str]) -> None:
    answers = [answer for answer in at_once(lambda _: rp.refresh(tokens["refresh_token"])) if isinstance(answer, Answer)]
    assert sorted(answer.status for answer in answers) == [200] + [400] * 19


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "unknown"}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": "!" * 43}, "invalid_request"),
        ({"code_verifier": "x" * 129}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": "https://app.example.edu.cn/other"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": ""}, "invalid_request"),
    ],
)
def test_a_wrong_exchange_is_refused_and_the_code_stays_good(
    rp: RelyingParty, code: str, changes: dict[str, str], error: str
) -> None:
    answer = rp.exchange(changes.get("code", code), **{name: value for name, value in changes.items() if name != "code"})
    assert (answer.status, answer.error) == (400, error)
    assert rp.exchange(code).status == 200


def test_an_expired_code_is_refused(rp: RelyingParty, code: str, clock: SettableClock) -> None:
    clock.forward(seconds=60)
    assert rp.exchange(code).error == "invalid_grant"


def test_a_stolen_code_is_worth_nothing_to_another_client_and_stays_good_for_its_own(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty, code: str
) -> None:
    thief = register_app(app, deployment, school)
    thief.verifier = rp.verifier
    assert thief.exchange(code).error == "invalid_grant"
    assert rp.exchange(code).status == 200


def test_a_code_of_one_issuer_is_unknown_to_the_other(rp: RelyingParty, code: str) -> None:
    rp.issuer = "intl"
    assert rp.exchange(code).error == "invalid_client"


def test_a_refresh_token_is_replaced_at_each_use_and_its_replay_ends_the_family(rp: RelyingParty, tokens: dict[str, str]) -> None:
    second = rp.refresh(tokens["refresh_token"])
    assert second.status == 200
    assert second.body["refresh_token"] != tokens["refresh_token"]
    assert rp.userinfo(second.body["access_token"]).status == 200
    assert rp.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert rp.userinfo(second.body["access_token"]).status == 401
    assert rp.refresh(second.body["refresh_token"]).error == "invalid_grant"


def test_a_refresh_may_ask_for_less_and_not_for_more(rp: RelyingParty, tokens: dict[str, str]) -> None:
    assert rp.refresh(tokens["refresh_token"], scope="openid email").error == "invalid_scope"
    answer = rp.refresh(tokens["refresh_token"], scope="openid")
    assert answer.status == 200
    assert set(rp.userinfo(answer.body["access_token"]).body) == {"sub"}


def test_a_refresh_token_of_another_client_is_refused(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty, tokens: dict[str, str]
) -> None:
    thief = register_app(app, deployment, school)
    assert thief.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert rp.refresh(tokens["refresh_token"]).status == 200


def test_refresh_tokens_end_without_use_and_in_any_case(
    browser: Browser, rp: RelyingParty, person: Known, clock: SettableClock, deployment: Deployment
) -> None:
    token = rp.exchange(sign_in_to(browser, rp, person, scope="openid offline_access")).body["refresh_token"]
    idle = timedelta(seconds=deployment.settings.refresh_token_idle)
    for _ in range(6):
        clock.forward(seconds=idle.total_seconds() - 60)
        token = rp.refresh(token).body["refresh_token"]
    clock.forward(seconds=idle.total_seconds() - 60)
    assert rp.refresh(token).error == "invalid_grant"


def test_signing_out_ends_tokens_except_those_given_for_longer(
    browser: Browser, rp: RelyingParty, person: Known, tokens: dict[str, str]
) -> None:
    longer = rp.exchange(sign_in_to(browser, rp, person, scope="openid offline_access")).body
    browser.get("/logout")
    browser.submit(form=next(form for form in browser.page.forms if form.action.endswith("/logout")))
    assert rp.userinfo(tokens["access_token"]).status == 401
    assert rp.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert rp.refresh(longer["refresh_token"]).status == 200


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_a_client_authenticates_by_the_method_it_registered_and_no_other(
    app: Flask, deployment: Deployment, school: str, browser: Browser, person: Known, method: str
) -> None:
    party = register_app(app, deployment, school, auth_method=method, trusted=True)
    verifier = {"code_verifier": party.verifier, "grant_type": "authorization_code", "redirect_uri": CALLBACK}
    ways = {
        "client_secret_basic": lambda data: party.call(
            "token",
            data,
            headers={"Authorization": "Basic " + base64.b64encode(f"{party.client_id}:{party.secret}".encode()).decode()},
        ),
        "client_secret_post": lambda data: party.call(
            "token", {**data, "client_id": party.client_id, "client_secret": party.secret or "x"}
        ),
        "none": lambda data: party.call("token", {**data, "client_id": party.client_id}),
    }
    for name, way in ways.items():
        answer = way({**verifier, "code": sign_in_to(browser, party, person)})
        assert (answer.status == 200) == (name == method), (name, answer.body)
        if name != method:
            assert answer.error == "invalid_client"
            assert answer.status == 401
        if {name, method} == {"client_secret_basic", "client_secret_post"}:
            assert f"registered for {method}" in answer.body["error_description"]


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !", "Basic eA==", "Basic " + base64.b64encode(b"app:wrong").decode(), "Basic /w==", "Bearer x", "x" * 5000],
)
def test_a_wrong_authorization_header_is_refused_with_the_scheme(rp: RelyingParty, code: str, header: str) -> None:
    answer = rp.call("token", {"grant_type": "authorization_code", "code": code}, headers={"Authorization": header})
    assert (answer.status, answer.error) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert rp.exchange(code).status == 200


def test_a_wrong_secret_an_unknown_client_and_two_methods_at_once_are_refused(rp: RelyingParty, code: str) -> None:
    right = rp.secret
    rp.secret = "wrong"
    wrong = rp.exchange(code)
    rp.secret = right
    unknown = rp.call("token", {"grant_type": "authorization_code", "client_id": "app_unknown", "client_secret": "x"})
    assert wrong.error == unknown.error == "invalid_client"
    assert wrong.body["error_description"] == unknown.body["error_description"]
    both = rp.call("token", {"grant_type": "authorization_code", "code": code, "client_secret": right or ""}, headers=rp.basic())
    assert both.error == "invalid_request"


def test_an_old_secret_works_for_a_day_after_a_new_one_was_made(
    rp: RelyingParty, deployment: Deployment, app: Flask, clock: SettableClock
) -> None:
    with deployment.transaction(OPERATOR) as tx:
        fresh = registration.rotate_secret(tx, rp.client_id)
    rp.app = create_app(deployment)  # a worker that has not kept the registration

    def error_with(secret: str | None) -> str:
        rp.secret = secret
        return rp.refresh("unknown").error

    old = rp.secret
    assert error_with(old) == error_with(fresh) == "invalid_grant"
    clock.forward(days=1)
    assert (error_with(old), error_with(fresh)) == ("invalid_client", "invalid_grant")


def assertion(rp: RelyingParty, signer: SoftwareSigner, clock: SettableClock, **changes: object) -> dict[str, str]:
    now = int(clock.now().timestamp())
    claims: dict[str, object] = {
        "iss": rp.client_id,
        "sub": rp.client_id,
        "aud": "http://localhost:8000",
        "exp": now + 60,
        "jti": secrets.token_hex(8),
    }
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({name: value for name, value in {**claims, **changes}.items() if value is not None}, signer),
    }


@pytest.fixture(scope="module", params=["SGD_SM3_SM2", "RS256", "ES256", "PS256"])
def key(request: pytest.FixtureRequest) -> SoftwareSigner:
    return generate_signer(request.param)


def machine(app: Flask, deployment: Deployment, school: str, signer: SoftwareSigner) -> RelyingParty:
    return register_app(
        app,
        deployment,
        school,
        auth_method="private_key_jwt",
        jwks={"keys": [signer.public_jwk()]},
        grant_types=("client_credentials",),
        redirect_uris=(),
        post_logout_redirect_uris=(),
    )


def test_a_client_proves_itself_by_a_signed_assertion_that_works_once(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock, key: SoftwareSigner
) -> None:
    party = machine(app, deployment, school, key)
    proof = assertion(party, key, clock)
    assert party.call("token", {"grant_type": "client_credentials", **proof}).status == 200
    again = party.call("token", {"grant_type": "client_credentials", **proof})
    assert (again.status, again.error) == (401, "invalid_client")


def test_one_assertion_sent_twenty_times_at_once_works_once(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock
) -> None:
    signer = generate_signer("ES256")
    party = machine(app, deployment, school, signer)
    proof = assertion(party, signer, clock)
    answers = at_once(lambda _: party.call("token", {"grant_type": "client_credentials", **proof}).status)
    assert sorted(map(str, answers)) == ["200"] + ["401"] * 19


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"exp": None},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": 10**30},
        {"exp": 10**11},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 300},
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock, changes: dict[str, object]
) -> None:
    signer = generate_signer("ES256")
    party = machine(app, deployment, school, signer)
    answer = party.call("token", {"grant_type": "client_credentials", **assertion(party, signer, clock, **changes)})
    assert (answer.status, answer.error) == (401, "invalid_client")


def test_an_assertion_by_another_key_or_of_another_kind_is_refused(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock
) -> None:
    signer, stranger = generate_signer("ES256"), generate_signer("ES256")
    party = machine(app, deployment, school, signer)
    good = assertion(party, signer, clock)
    for wrong in (
        assertion(party, stranger, clock),
        {**good, "client_assertion_type": "urn:other"},
        {**good, "client_assertion": "x.y.z"},
        {**good, "client_assertion": "x"},
        {**good, "client_assertion": ""},
    ):
        answer = party.call("token", {"grant_type": "client_credentials", **wrong})
        assert answer.status == 401, answer.body


def test_client_credentials_are_for_apps_without_a_person_and_cost_one_write(
    app: Flask, deployment: Deployment, school: str
) -> None:
    party = register_app(
        app, deployment, school, grant_types=("client_credentials",), redirect_uris=(), post_logout_redirect_uris=()
    )
    assert party.authenticated("token", {"grant_type": "client_credentials"}).status == 200
    statements: list[str] = []
    event.listen(deployment.database.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    answer = party.authenticated("token", {"grant_type": "client_credentials"})
    assert answer.status == 200
    assert "refresh_token" not in answer.body
    assert len([line for line in statements if not line.startswith("PRAGMA")]) <= 3, statements
    assert party.userinfo(answer.body["access_token"]).status == 403
    assert party.authenticated("token", {"grant_type": "client_credentials", "scope": "openid"}).error == "invalid_scope"


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
    public = register_app(app, deployment, school, auth_method="none")
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


@pytest.mark.parametrize("name", ["token", "introspect", "revoke"])
def test_an_endpoint_for_programs_refuses_what_is_no_form_of_its_own(rp: RelyingParty, name: str) -> None:
    client = rp.app.test_client()
    path = f"/oauth/{name}"
    assert client.get(path, base_url=HOST).status_code == 405
    for body, kind in (
        (b'{"token": "x"}', "application/json"),
        (b"a=1&a=2", "application/x-www-form-urlencoded"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
        (b"", ""),
    ):
        response = client.post(path, data=body, content_type=kind, base_url=HOST, headers=rp.basic())
        assert response.status_code in (400, 401), (body, kind)
        assert response.get_json()["error"] in ("invalid_request", "invalid_client")
    large = client.post(path, data=b"a=" + b"x" * 70_000, content_type="application/x-www-form-urlencoded", base_url=HOST)
    assert large.status_code == 413


def test_parameters_in_the_query_of_the_token_endpoint_are_refused(rp: RelyingParty) -> None:
    response = rp.app.test_client().post("/oauth/token?grant_type=client_credentials", data={}, base_url=HOST, headers=rp.basic())
    assert response.get_json()["error"] == "invalid_request"


def test_nothing_that_opens_anything_stands_in_the_database(deployment: Deployment, rp: RelyingParty, code: str) -> None:
    tokens = rp.exchange(code).body
    with deployment.reading() as session:
        dump = ""
        for table in ("authorization_code", "access_token", "refresh_token", "oidc_client", "audit_event", "oidc_grant"):
            dump += repr(session.execute(text(f"SELECT * FROM {table}")).all())
        assert session.scalar(select(func.count()).select_from(AccessToken)) == 1
    for secret in (code, tokens["access_token"], tokens["refresh_token"], rp.secret or "", rp.verifier, PASSWORD):
        assert secret not in dump


def test_a_key_rotation_fails_nobodys_verification(
    rp: RelyingParty, browser: Browser, person: Known, deployment: Deployment, clock: SettableClock, tokens: dict[str, str]
) -> None:
    clock.forward(hours=1)
    with deployment.transaction(OPERATOR) as tx:
        rotation.rotate(tx, deployment.master, "SGD_SM3_SM2", publish_ahead=timedelta(seconds=300))
    deployment.ring.forget()
    fresh = rp.exchange(sign_in_to(browser, rp, person)).body
    old_kid, new_kid = (json.loads(base64.urlsafe_b64decode(t["id_token"].split(".")[0] + "=="))["kid"] for t in (tokens, fresh))
    assert old_kid != new_kid
    assert rp.claims_of(tokens["id_token"])
    assert rp.claims_of(fresh["id_token"])
