"""Apps that register themselves (OpenID Connect Dynamic Client Registration 1.0, RFC 7591) and look after it (RFC 7592)."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from idp.apps import register
from idp.apps.tables import App
from idp.crypto.jose import generate_signer
from idp.deployment import Deployment
from idp.oidc.clients import initial_access
from idp.oidc.tables import InitialAccessToken
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known
from tests.services.receiver import Receiver
from tests.web.conftest import app_with, sign_in_to
from tests.web.pages import HOST, Browser
from tests.web.relying_party import CALLBACK, Answer, RelyingParty, register_app

KEY = generate_signer("ES256")


class Newcomer:
    """An app that nobody knows yet."""

    def __init__(self, app: Flask, issuer: str = "sm") -> None:
        self.app = app
        self.path = ("/intl" if issuer == "intl" else "") + "/oauth/register"

    def send(self, method: str, token: str | None, body: object = None, *, client_id: str = "", raw: bytes | None = None) -> Answer:
        response = self.app.test_client().open(
            self.path,
            method=method,
            query_string={"client_id": client_id} if client_id else None,
            data=raw if raw is not None else json.dumps(body) if body is not None else None,
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            base_url=HOST,
        )
        text = response.get_data(as_text=True)
        return Answer(response.status_code, json.loads(text) if text else None, response.headers)

    def register(self, token: str | None = None, **metadata: Any) -> Answer:
        return self.send("POST", token, {"redirect_uris": [CALLBACK], **metadata})


def allow(deployment: Deployment, school: str, *scopes: str, uses: int = 1, days: int = 1) -> str:
    with deployment.transaction(OPERATOR) as tx:
        return initial_access.issue(tx, school, scopes or ("openid", "profile"), uses=uses, lifetime=timedelta(days=days))


@pytest.fixture
def open_door(deployment: Deployment, school: str) -> Newcomer:
    return Newcomer(app_with(deployment, registration="open", registration_owner=school, allow_private_fetches=True))


@pytest.mark.parametrize("issuer", ["sm", "intl"])
def test_an_app_registers_itself_and_signs_people_in(
    app: Flask, browser: Browser, deployment: Deployment, school: str, person: Known, issuer: str
) -> None:
    answer = Newcomer(app, issuer).register(allow(deployment, school), client_name="新来的", contacts=["it@example.edu.cn"])
    assert answer.status == 201
    body = answer.body
    assert body["token_endpoint_auth_method"] == "client_secret_basic"
    assert (body["response_types"], body["grant_types"]) == (["code"], ["authorization_code"])
    assert (body["client_secret_expires_at"], body["scope"], body["client_name"]) == (0, "openid profile", "新来的")
    assert answer.headers["Cache-Control"] == "no-store"
    party = RelyingParty(app, deployment, body["client_id"], body["client_secret"], issuer=issuer)
    code = sign_in_to(browser, party, person, scope="openid profile")
    tokens = party.exchange(code).body
    assert party.claims_of(tokens["id_token"])["aud"] == body["client_id"]
    assert "refresh_token" not in tokens


def test_the_discovery_document_names_the_door_where_there_is_one(app: Flask, deployment: Deployment) -> None:
    for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
        document = app.test_client().get(path, base_url=HOST).get_json()
        assert document["registration_endpoint"].endswith("/oauth/register")
    intl = app.test_client().get("/.well-known/oauth-authorization-server/intl", base_url=HOST).get_json()
    assert intl["issuer"].endswith("/intl")
    closed = app_with(deployment, registration="closed")
    assert "registration_endpoint" not in closed.test_client().get("/.well-known/openid-configuration", base_url=HOST).get_json()
    assert Newcomer(closed).register("any").status == 401


def test_without_an_initial_access_token_the_door_is_shut(
    app: Flask, deployment: Deployment, school: str, clock: SettableClock
) -> None:
    door = Newcomer(app)
    used = allow(deployment, school)
    assert door.register(used).status == 201
    late = allow(deployment, school, days=1)
    clock.forward(days=1)
    for token in (None, "wrong", used, late):
        answer = door.register(token)
        assert (answer.status, answer.error) == (401, "invalid_token")
    assert len(list_apps(deployment)) == 1


def list_apps(deployment: Deployment) -> list[App]:
    with deployment.reading() as session:
        return list(register.listed(session))


def test_of_twenty_registrations_with_one_token_one_is_taken(app: Flask, deployment: Deployment, school: str) -> None:
    token = allow(deployment, school)
    statuses = at_once(lambda number: Newcomer(app).register(token).status)
    assert sorted(statuses) == [201] + [401] * 19
    assert len(list_apps(deployment)) == 1


def test_a_refused_registration_leaves_the_token_unspent(app: Flask, deployment: Deployment, school: str) -> None:
    token = allow(deployment, school)
    assert Newcomer(app).register(token, response_types=["nonsense"]).status == 400
    with deployment.reading() as session:
        assert session.query(InitialAccessToken).one().uses_left == 1
    assert Newcomer(app).register(token).status == 201


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"redirect_uris": ["http://app.example.edu.cn/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example.edu.cn/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["com.example.app:/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://app.example.edu.cn/"}, "invalid_redirect_uri"),
        ({"redirect_uris": [1]}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK] * 21}, "invalid_redirect_uri"),
        ({"redirect_uris": None}, "invalid_redirect_uri"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"response_types": ["id_token"]}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"grant_types": []}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"jwks": {"keys": []}}, "invalid_client_metadata"),
        ({"jwks": {"keys": [KEY.private_jwk()]}}, "invalid_client_metadata"),
        ({"jwks": {"keys": [KEY.public_jwk()]}, "jwks_uri": "https://app.example.edu.cn/jwks"}, "invalid_client_metadata"),
        ({"jwks_uri": "http://app.example.edu.cn/jwks"}, "invalid_client_metadata"),
        ({"jwks_uri": "file:///etc/passwd"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "RS256"}, "invalid_client_metadata"),
        ({"subject_type": "public"}, "invalid_client_metadata"),
        ({"subject_type": "other"}, "invalid_client_metadata"),
        ({"default_max_age": -1}, "invalid_client_metadata"),
        ({"default_max_age": "soon"}, "invalid_client_metadata"),
        ({"require_auth_time": "yes"}, "invalid_client_metadata"),
        ({"client_name": ""}, "invalid_client_metadata"),
        ({"client_name": "x" * 501}, "invalid_client_metadata"),
        ({"client_name": "a\nb"}, "invalid_client_metadata"),
        ({"contacts": "it@example.edu.cn"}, "invalid_client_metadata"),
        ({"backchannel_logout_uri": "http://app.example.edu.cn/out"}, "invalid_client_metadata"),
        ({"request_uris": ["javascript:alert(1)"]}, "invalid_client_metadata"),
        ({"software_statement": "eyJhbGciOiJub25lIn0.e30."}, "unapproved_software_statement"),
    ],
)
def test_metadata_that_contradicts_a_rule_is_refused_by_name(open_door: Newcomer, metadata: dict[str, Any], error: str) -> None:
    answer = open_door.register(**metadata)
    assert (answer.status, answer.error) == (400, error)
    if error == "invalid_client_metadata":
        assert next(iter(metadata)) in answer.body["error_description"] or "jwks" in answer.body["error_description"]


@pytest.mark.parametrize("raw", [b"", b"[]", b'"x"', b"{", b'{"a":1,"a":2}', b"\xff", b"redirect_uris=x", b"[" * 50_000])
def test_a_body_that_is_no_object_is_refused(open_door: Newcomer, raw: bytes) -> None:
    assert open_door.send("POST", None, raw=raw).error == "invalid_client_metadata"
    assert open_door.app.test_client().post("/oauth/register", data={"redirect_uris": CALLBACK}, base_url=HOST).status_code == 400


def test_a_body_that_is_too_large_is_refused(open_door: Newcomer) -> None:
    assert open_door.register(client_name="x" * 100_000).status == 413


def test_unknown_members_are_left_out(open_door: Newcomer) -> None:
    body = open_door.register(**{"favourite_colour": "green", "client_name": "A", "client_name#en": "B"}).body
    assert "favourite_colour" not in body
    assert body["client_name"] == "A"


def test_what_anybody_registers_gets_little_until_an_administrator_says_more(
    deployment: Deployment, school: str, open_door: Newcomer, browser: Browser, person: Known
) -> None:
    body = open_door.register(scope="openid profile email phone").body
    assert body["scope"] == "openid profile"
    party = RelyingParty(open_door.app, deployment, body["client_id"], body["client_secret"])
    page = Browser(open_door.app).get(party.authorize_url(scope="openid email"))
    assert page.query["error"] == "invalid_scope"
    with deployment.transaction(OPERATOR) as tx:
        app = register.approve(tx, body["client_id"], {"openid", "email"})
        assert app.requested_scopes == ["email", "openid", "phone", "profile"]
    assert sign_in_to(browser, party, person, scope="openid email")


def test_an_app_may_have_to_wait_for_an_administrator(deployment: Deployment, school: str, person: Known, browser: Browser) -> None:
    waiting = app_with(deployment, registration="open", registration_owner=school, registration_review=True)
    body = Newcomer(waiting).register().body
    party = RelyingParty(waiting, deployment, body["client_id"], body["client_secret"])
    assert browser.get(party.authorize_url(scope="openid")).status == 400
    with deployment.transaction(OPERATOR) as tx:
        register.approve(tx, body["client_id"])
    assert sign_in_to(browser, party, person, scope="openid")


def test_redirect_uris_lie_in_the_domains_that_the_installation_allows(deployment: Deployment, school: str) -> None:
    door = Newcomer(app_with(deployment, registration="open", registration_owner=school, redirect_domains="edu.cn, school.example"))
    assert door.register().status == 201
    assert door.register(redirect_uris=["http://127.0.0.1/callback"], application_type="native").status == 201
    assert door.register(redirect_uris=["cn.edu.example.app:/callback"], application_type="native").status == 201
    for uri in ("https://app.example.com/", "https://fakeedu.cn/", "https://edu.cn.example.com/"):
        assert door.register(redirect_uris=[uri]).error == "invalid_redirect_uri"
    assert door.register(post_logout_redirect_uris=["https://app.example.com/"]).error == "invalid_client_metadata"


def test_an_app_reads_changes_and_ends_its_registration(
    deployment: Deployment, open_door: Newcomer, browser: Browser, person: Known
) -> None:
    made = open_door.register(client_name="图书馆").body
    token, client_id = made["registration_access_token"], made["client_id"]
    assert made["registration_client_uri"].endswith(f"/oauth/register?client_id={client_id}")
    read = open_door.send("GET", token, client_id=client_id)
    assert (read.status, read.body["redirect_uris"]) == (200, [CALLBACK])
    assert "client_secret" not in read.body
    changed = {"client_id": client_id, "redirect_uris": ["https://app.example.edu.cn/new"], "client_name": "图书馆"}
    assert open_door.send("PUT", token, changed, client_id=client_id).body["redirect_uris"] == changed["redirect_uris"]
    party = RelyingParty(open_door.app, deployment, client_id, made["client_secret"])
    assert Browser(open_door.app).get(party.authorize_url(scope="openid")).status == 400
    assert Browser(open_door.app).get(party.authorize_url(scope="openid", redirect_uri=changed["redirect_uris"][0])).status == 200
    assert open_door.send("DELETE", token, client_id=client_id).status == 204
    assert open_door.send("GET", token, client_id=client_id).status == 401
    assert Browser(open_door.app).get(party.authorize_url(scope="openid")).status == 400


def test_another_apps_registration_is_out_of_reach(open_door: Newcomer) -> None:
    mine, other = open_door.register().body, open_door.register().body
    body = {"client_id": other["client_id"], "redirect_uris": ["https://evil.example/"]}
    for method in ("GET", "PUT", "DELETE"):
        for token, client_id in (
            (mine["registration_access_token"], other["client_id"]),
            (None, other["client_id"]),
            ("wrong", other["client_id"]),
            (mine["registration_access_token"], "app_nobody"),
            (mine["registration_access_token"], ""),
        ):
            answer = open_door.send(method, token, {**body, "client_id": client_id}, client_id=client_id)
            assert (answer.status, answer.error) == (401, "invalid_token")
    assert open_door.send("GET", other["registration_access_token"], client_id=other["client_id"]).status == 200
    intl = Newcomer(open_door.app, "intl")
    assert intl.send("GET", mine["registration_access_token"], client_id=mine["client_id"]).status == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"client_id": None},
        {"registration_access_token": "x"},
        {"client_secret_expires_at": 0},
        {"redirect_uris": []},
        {"grant_types": ["password"]},
        {"software_statement": "x"},
    ],
)
def test_a_change_that_is_not_the_apps_to_make_changes_nothing(open_door: Newcomer, changes: dict[str, Any]) -> None:
    made = open_door.register().body
    body = {"client_id": made["client_id"], "redirect_uris": ["https://app.example.edu.cn/new"], **changes}
    assert open_door.send("PUT", made["registration_access_token"], body, client_id=made["client_id"]).status == 400
    assert open_door.send("GET", made["registration_access_token"], client_id=made["client_id"]).body["redirect_uris"] == [CALLBACK]


def test_an_app_that_changes_to_a_key_loses_its_secret_and_back_gets_a_new_one(open_door: Newcomer) -> None:
    made = open_door.register().body
    token, client_id = made["registration_access_token"], made["client_id"]
    with_key = {
        "client_id": client_id,
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [KEY.public_jwk()]},
    }
    assert "client_secret" not in open_door.send("PUT", token, with_key, client_id=client_id).body
    back = open_door.send("PUT", token, {"client_id": client_id, "redirect_uris": [CALLBACK]}, client_id=client_id).body
    assert back["client_secret"] != made["client_secret"]


def test_a_sector_identifier_gives_two_apps_one_name_for_a_person(
    deployment: Deployment, open_door: Newcomer, receiver: Receiver, browser: Browser, person: Known
) -> None:
    other = "https://other.example.cn/callback"
    receiver.documents["/sector"] = json.dumps([CALLBACK, other]).encode()
    uri = f"{receiver.url}/sector"
    subjects = set()
    for uris in ([CALLBACK], [CALLBACK, other]):
        body = open_door.register(redirect_uris=uris, sector_identifier_uri=uri).body
        party = RelyingParty(open_door.app, deployment, body["client_id"], body["client_secret"])
        code = sign_in_to(Browser(open_door.app), party, person, scope="openid")
        subjects.add(party.claims_of(party.exchange(code).body["id_token"])["sub"])
    assert len(subjects) == 1


@pytest.mark.parametrize("document", [None, b"[]", b'["https://elsewhere.example/"]', b"{}", b"not json", b"[1]"])
def test_a_sector_identifier_without_the_redirect_uri_is_refused(
    open_door: Newcomer, receiver: Receiver, document: bytes | None
) -> None:
    if document is not None:
        receiver.documents["/sector"] = document
    answer = open_door.register(sector_identifier_uri=f"{receiver.url}/sector")
    assert (answer.status, answer.error) == (400, "invalid_client_metadata")


def test_a_sector_identifier_in_our_own_network_is_not_fetched(deployment: Deployment, school: str, receiver: Receiver) -> None:
    receiver.documents["/sector"] = json.dumps([CALLBACK]).encode()
    strict = Newcomer(app_with(deployment, registration="open", registration_owner=school))
    assert strict.register(sector_identifier_uri=f"{receiver.url}/sector").error == "invalid_client_metadata"
    assert receiver.fetched == []


def test_a_public_subject_is_the_same_in_every_app(deployment: Deployment, school: str, person: Known) -> None:
    app = app_with(deployment, public_subjects=True)
    document = app.test_client().get("/.well-known/openid-configuration", base_url=HOST).get_json()
    assert document["subject_types_supported"] == ["pairwise", "public"]
    subjects = []
    for uri in (CALLBACK, "https://app.example.edu.cn/callback?other"):
        party = register_public(app, deployment, school, uri)
        code = sign_in_to(Browser(app), party, person, redirect_uri=uri)
        subjects.append(party.claims_of(party.exchange(code, redirect_uri=uri).body["id_token"])["sub"])
    assert subjects[0] == subjects[1] != person.number


def register_public(app: Flask, deployment: Deployment, school: str, uri: str) -> RelyingParty:
    allowing = app.extensions["yima_oidc"].deployment
    return register_app(app, allowing, school, trusted=True, subject_type="public", redirect_uris=(uri,))
