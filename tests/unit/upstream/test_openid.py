"""An OpenID Provider's answers: what is accepted, and everything that is not (OpenID Connect Core 1.0 §3.1.3.7, RFC 9207)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from idp.crypto.jose import KeySet, generate_signer, jwt
from idp.upstream.errors import AnswerRefused, InvalidUpstream, SignInDeclined, UpstreamSilent
from idp.upstream.kinds import read_settings
from idp.upstream.oidc.kind import OidcKind
from tests.clocks import SettableClock
from tests.services.openid_provider import CLIENT_ID, SECRET
from tests.unit.upstream.conftest import Client


@pytest.mark.parametrize("algorithm", ["SGD_SM3_SM2", "RS256", "ES256", "PS256"])
def test_an_id_token_of_every_algorithm_is_verified(client: Client, algorithm: str) -> None:
    client.there.signer = generate_signer(algorithm)
    arrival = client.arrive()
    assert arrival.subject == "u-1"
    assert arrival.first("name") == "林小雨"
    assert len(client.there.asked[0]["nonce"]) >= 43


@pytest.mark.parametrize("how", ["client_secret_basic", "client_secret_post"])
def test_we_prove_ourselves_by_a_secret(client: Client, how: str) -> None:
    client.changes = {"authentication": how}
    assert client.arrive().subject == "u-1"
    client.secrets = {"client_secret": "another"}
    with pytest.raises(AnswerRefused):
        client.arrive()


@pytest.mark.parametrize("algorithm", ["ES256", "SGD_SM3_SM2"])
def test_we_prove_ourselves_by_a_key(client: Client, algorithm: str) -> None:
    key = generate_signer(algorithm)
    client.changes = {"authentication": "private_key_jwt"}
    client.secrets = {"private_key": json.dumps(key.private_jwk())}
    client.there.client_keys = KeySet([key.public_jwk()])
    assert client.arrive().subject == "u-1"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("iss", "https://other.example.edu.cn", "iss"),
        ("iss", None, "iss"),
        ("aud", "another app", "aud"),
        ("aud", None, "aud"),
        ("aud", [CLIENT_ID, "another app"], "azp"),
        ("azp", "another app", "azp"),
        ("nonce", "another", "nonce"),
        ("nonce", None, "nonce"),
        ("nonce", 7, "nonce"),
        ("exp", 1, "exp"),
        ("exp", None, "exp"),
        ("exp", "2099", "exp"),
        ("exp", True, "exp"),
        ("iat", None, "iat"),
        ("iat", 4102444800, "iat"),
        ("iat", 1, "iat"),
        ("nbf", 4102444800, "nbf"),
        ("sub", None, "sub"),
        ("sub", "", "sub"),
        ("sub", "x" * 256, "sub"),
        ("sub", 7, "sub"),
        ("at_hash", "another", "at_hash"),
    ],
)
def test_a_claim_that_is_not_what_it_must_be_is_refused(client: Client, name: str, value: object, reason: str) -> None:
    client.there.claims = {name: value}
    with pytest.raises(AnswerRefused) as refused:
        client.arrive()
    assert refused.value.detail == reason


def test_audiences_beside_us_are_accepted_where_we_are_the_authorized_party(client: Client) -> None:
    client.there.claims = {"aud": [CLIENT_ID, "api"], "azp": CLIENT_ID}
    assert client.arrive().subject == "u-1"


def _unsigned(claims: dict[str, Any]) -> str:
    return ".".join((_part({"alg": "none"}), _part(claims), ""))


def _mac(key: bytes, alg: str) -> Callable[[dict[str, Any]], str]:
    def make(claims: dict[str, Any]) -> str:
        head = f"{_part({'alg': alg})}.{_part(claims)}"
        return f"{head}.{_b64(hmac.new(key, head.encode(), hashlib.sha256).digest())}"

    return make


def _part(value: dict[str, Any]) -> str:
    return _b64(json.dumps(value).encode())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_token_without_a_signature_or_with_a_mac_is_refused(client: Client) -> None:
    public = json.dumps(client.there.signer.public_jwk()).encode()
    for make in (_unsigned, _mac(SECRET.encode(), "HS256"), _mac(public, "HS256"), _mac(public, "ES256")):
        client.there.token = make
        with pytest.raises(AnswerRefused):
            client.arrive()


def test_a_token_of_another_key_is_refused_and_one_of_a_new_key_is_not(client: Client) -> None:
    assert client.arrive().subject == "u-1"
    stranger = generate_signer("ES256")
    client.there.token = lambda claims: jwt.encode(claims, stranger)
    with pytest.raises(AnswerRefused):
        client.arrive()
    client.there.token, client.there.signer = None, stranger
    client.server.documents._kept.clear()  # as if ten seconds had passed since the keys were fetched
    assert client.arrive().subject == "u-1"


def test_an_algorithm_that_is_not_accepted_here_is_refused(client: Client) -> None:
    client.changes = {"algorithms": ["SGD_SM3_SM2"]}
    with pytest.raises(AnswerRefused):
        client.arrive()


def test_the_answer_names_who_answers(client: Client) -> None:
    """RFC 9207 §2.4: a code of one provider is not brought to another."""
    for told in ("https://other.example.edu.cn", "", None):
        with pytest.raises(AnswerRefused):
            client.arrive(iss=told)
    client.there.metadata = {"authorization_response_iss_parameter_supported": False}
    client.server.documents._kept.clear()
    assert client.arrive(iss=None).subject == "u-1"
    with pytest.raises(AnswerRefused):
        client.arrive(iss="https://other.example.edu.cn")


def test_a_sign_in_that_was_begun_at_one_issuer_does_not_end_at_another(client: Client) -> None:
    with pytest.raises(AnswerRefused):
        client.arrive(memory={"issuer": "https://other.example.edu.cn"})


def test_a_code_is_good_once_and_with_its_verifier(client: Client) -> None:
    with pytest.raises(AnswerRefused):
        client.arrive(memory={"code_verifier": "x" * 64})
    with pytest.raises(AnswerRefused):
        client.arrive(code="invented")
    with pytest.raises(AnswerRefused):
        client.arrive(code=None)
    with pytest.raises(AnswerRefused):
        client.arrive(code="x" * 5000)


def test_whoever_declines_is_told_apart_from_a_mistake(client: Client) -> None:
    with pytest.raises(SignInDeclined):
        client.arrive(error="access_denied", code=None)
    with pytest.raises(AnswerRefused) as refused:
        client.arrive(error="<script>" + "x" * 100, code=None)
    assert "script" not in str(refused.value)


def test_userinfo_of_another_subject_is_refused(client: Client) -> None:
    client.there.userinfo = {"sub": "u-2", "name": "王小明"}
    with pytest.raises(AnswerRefused):
        client.arrive()


def test_userinfo_adds_to_the_token_and_does_not_overrule_it(client: Client) -> None:
    client.changes = {"fields": {"local_number": "employee.number"}}
    client.there.userinfo = {"sub": "u-1", "name": "王小明", "employee": {"number": "T001"}}
    arrival = client.arrive()
    assert (arrival.first("name"), arrival.first("local_number")) == ("林小雨", "T001")


def test_asked_to_prove_themselves_now_people_must_have_done_so(client: Client, clock: SettableClock) -> None:
    assert client.arrive(anew=True).subject == "u-1"
    assert (client.there.asked[0]["prompt"], client.there.asked[0]["max_age"]) == ("login", "0")
    for auth_time in (int(clock.now().timestamp()) - 3600, None):
        client.there.claims = {"auth_time": auth_time}
        with pytest.raises(AnswerRefused):
            client.arrive(anew=True)


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"issuer": "https://other.example.edu.cn"}, "another issuer"),
        ({"token_endpoint": None}, "no token_endpoint"),
        ({"token_endpoint": "javascript:alert(1)"}, "no token_endpoint"),
        ({"authorization_endpoint": 7}, "no authorization_endpoint"),
    ],
)
def test_a_discovery_document_that_is_none_is_not_followed(client: Client, metadata: dict[str, Any], reason: str) -> None:
    client.there.metadata = metadata
    with pytest.raises(UpstreamSilent) as silent:
        client.arrive()
    assert reason in (silent.value.detail or "")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id_token": "a", "id_token": "b"}', b"\xff\xfe", b"x" * 300_000])
def test_an_answer_that_cannot_be_read_is_no_answer(client: Client, body: bytes) -> None:
    client.there.body = body
    with pytest.raises(UpstreamSilent):
        client.arrive()


@pytest.mark.parametrize(
    ("changes", "accepted"), [({}, True), ({"aud": "another"}, False), ({"iss": "https://other.example.edu.cn"}, False)]
)
def test_a_signed_userinfo_is_of_the_issuer_and_for_us(client: Client, changes: dict[str, str], accepted: bool) -> None:
    told = {"sub": "u-1", "iss": client.there.url, "aud": CLIENT_ID, "employee": "T001"} | changes
    client.changes = {"fields": {"local_number": "employee"}}
    client.there.signed_userinfo = jwt.encode(told, client.there.signer).encode()
    if accepted:
        assert client.arrive().first("local_number") == "T001"
    else:
        with pytest.raises(AnswerRefused):
            client.arrive()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"issuer": "https://a.example.edu.cn"},
        {"issuer": "ftp://a.example.edu.cn", "client_id": "x"},
        {"issuer": "https://a.example.edu.cn?x=1", "client_id": "x"},
        {"issuer": "https://a.example.edu.cn", "client_id": "x", "scope": "profile"},
        {"issuer": "https://a.example.edu.cn", "client_id": "x", "algorithms": ["HS256"]},
        {"issuer": "https://a.example.edu.cn", "client_id": "x", "algorithms": []},
        {"issuer": "https://a.example.edu.cn", "client_id": "x", "surprise": 1},
    ],
)
def test_settings_that_are_wrong_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(InvalidUpstream):
        read_settings(OidcKind(), said)
