"""ID tokens, UserInfo, introspection and authorization answers as JWTs: signed for the app, and encrypted to its key."""

import json
from typing import Any

import pytest
from flask import Flask
from joserfc import jwe as other_jwe
from joserfc.jwk import ECKey, RSAKey

from idp.apps.errors import InvalidRegistration
from idp.crypto import base64url, engines, sm2, sm4
from idp.crypto.jose import KeySet, jwt
from idp.crypto.jose.sm2_key import SM2Key
from idp.deployment import Deployment
from tests.clocks import SettableClock
from tests.people import PASSWORD, Known
from tests.services.receiver import Receiver
from tests.web.conftest import sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty, register_app

SIGNATURES = ["SGD_SM3_SM2", "RS256", "ES256", "PS256"]


class Reader:
    """An app's key for decryption, read by implementations that are not the one under test."""

    def __init__(self, alg: str) -> None:
        self.alg = alg
        self.sm2 = sm2.PrivateKey.generate()
        self.key: Any = RSAKey.generate_key(2048) if alg.startswith("RSA") else ECKey.generate_key("P-256")

    def jwk(self) -> dict[str, Any]:
        public = SM2Key(self.sm2.public_key).public_jwk() if self.alg == "SGD_SM2_3" else self.key.as_dict(private=False)
        return {**public, "use": "enc", "kid": "e1"}

    def read(self, token: str) -> tuple[dict[str, Any], bytes]:
        header = json.loads(base64url.decode(token.split(".")[0]))
        if self.alg != "SGD_SM2_3":
            return header, bytes(other_jwe.decrypt_compact(token, self.key, algorithms=[self.alg, header["enc"]]).plaintext or b"")
        head, key, nonce, text, tag = token.split(".")
        content_key = sm2.decrypt(self.sm2, base64url.decode(key), engine=engines.load("gmssl", None))
        opened = sm4.gcm_decrypt(
            content_key, base64url.decode(nonce), base64url.decode(text) + base64url.decode(tag), head.encode()
        )
        return header, opened


WAYS = [
    ("sm", "SGD_SM2_3", "SGD_SM4_GCM"),
    ("intl", "RSA-OAEP-256", "A256GCM"),
    ("intl", "ECDH-ES", "A256GCM"),
    ("intl", "ECDH-ES", None),
]


@pytest.fixture(scope="module", params=WAYS, ids=lambda way: "-".join(map(str, way)))
def way(request: pytest.FixtureRequest) -> tuple[str, Reader, str | None]:
    issuer, alg, enc = request.param
    return issuer, Reader(alg), enc


def wanting(
    app: Flask, deployment: Deployment, school: str, way: tuple[str, Reader, str | None], purpose: str, **more: Any
) -> RelyingParty:
    issuer, reader, enc = way
    wanted: dict[str, Any] = {f"{purpose}_encrypted_response_alg": reader.alg}
    if enc is not None:
        wanted[f"{purpose}_encrypted_response_enc"] = enc
    return register_app(app, deployment, school, issuer=issuer, trusted=True, jwks={"keys": [reader.jwk()]}, **wanted, **more)


def verified(party: RelyingParty, text: str, typ: str = "JWT") -> dict[str, Any]:
    keys = KeySet.from_document(party.call("jwks", method="GET").body)
    return dict(jwt.decode(text, keys, algorithms=SIGNATURES, typ=typ).claims)


def test_an_encrypted_id_token_holds_a_signed_one(
    app: Flask, browser: Browser, deployment: Deployment, school: str, person: Known, way: tuple[str, Reader, str | None]
) -> None:
    party = wanting(app, deployment, school, way, "id_token")
    tokens = party.exchange(sign_in_to(browser, party, person)).body
    header, text = way[1].read(tokens["id_token"])
    assert (header["alg"], header["cty"], header["kid"]) == (way[1].alg, "JWT", "e1")
    assert header["enc"] == (way[2] or "A128CBC-HS256")
    assert verified(party, text.decode())["nonce"] == party.nonce
    fresh = party.refresh(tokens["refresh_token"]).body["id_token"]
    assert verified(party, way[1].read(fresh)[1].decode())["aud"] == party.client_id


def test_an_encrypted_id_token_comes_through_the_browser_too(
    app: Flask, browser: Browser, deployment: Deployment, school: str, person: Known, way: tuple[str, Reader, str | None]
) -> None:
    party = wanting(app, deployment, school, way, "id_token", grant_types=("implicit",), response_types=("id_token",))
    browser.get(party.authorize_url(response_type="id_token", code_challenge=None, code_challenge_method=None))
    page = browser.sign_in(person.number, PASSWORD)
    assert verified(party, way[1].read(page.query["id_token"])[1].decode())["name"] == "林小雨"


def test_userinfo_is_signed_encrypted_or_both(
    app: Flask, deployment: Deployment, school: str, person: Known, way: tuple[str, Reader, str | None]
) -> None:
    for more in ({}, {"userinfo_signed_response_alg": "SGD_SM3_SM2" if way[0] == "sm" else "ES256"}):
        party = wanting(app, deployment, school, way, "userinfo", **more)
        token = party.exchange(sign_in_to(Browser(app), party, person)).body["access_token"]
        response = app.test_client().get(f"{party.prefix}/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
        assert response.headers["Content-Type"] == "application/jwt"
        header, text = way[1].read(response.get_data(as_text=True))
        claims = verified(party, text.decode()) if more else json.loads(text)
        assert claims["name"] == "林小雨"
        assert header.get("cty") == ("JWT" if more else None)


def test_signed_userinfo_says_whose_and_for_whom(
    app: Flask, browser: Browser, deployment: Deployment, school: str, person: Known
) -> None:
    party = register_app(app, deployment, school, issuer="intl", trusted=True, userinfo_signed_response_alg="RS256")
    token = party.exchange(sign_in_to(browser, party, person)).body["access_token"]
    response = app.test_client().get("/intl/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    claims = verified(party, response.get_data(as_text=True))
    assert (claims["aud"], claims["iss"].endswith("/intl"), claims["name"]) == (party.client_id, True, "林小雨")


@pytest.mark.parametrize("issuer", ["sm", "intl"])
def test_introspection_answers_by_a_jwt_to_who_asks_for_one(
    app: Flask, browser: Browser, deployment: Deployment, school: str, person: Known, issuer: str
) -> None:
    party = register_app(app, deployment, school, issuer=issuer, trusted=True)
    token = party.exchange(sign_in_to(browser, party, person)).body["access_token"]
    for text, active in ((token, True), ("unknown", False)):
        response = app.test_client().post(
            f"{party.prefix}/oauth/introspect",
            data={"token": text},
            headers={**party.basic(), "Accept": "application/token-introspection+jwt"},
        )
        assert response.headers["Content-Type"] == "application/token-introspection+jwt"
        claims = verified(party, response.get_data(as_text=True), "token-introspection+jwt")
        assert (claims["aud"], claims["token_introspection"]["active"]) == (party.client_id, active)
        assert "sub" not in claims
    wrong = app.test_client().post(
        f"{party.prefix}/oauth/introspect", data={"token": token}, headers={"Accept": "application/token-introspection+jwt"}
    )
    assert wrong.status_code == 401


def test_an_introspection_answer_is_encrypted_to_the_resource_server(
    app: Flask, browser: Browser, deployment: Deployment, school: str, person: Known, way: tuple[str, Reader, str | None]
) -> None:
    party = wanting(app, deployment, school, way, "introspection")
    token = party.exchange(sign_in_to(browser, party, person)).body["access_token"]
    response = app.test_client().post(
        f"{party.prefix}/oauth/introspect",
        data={"token": token},
        headers={**party.basic(), "Accept": "application/token-introspection+jwt"},
    )
    text = way[1].read(response.get_data(as_text=True))[1].decode()
    assert verified(party, text, "token-introspection+jwt")["token_introspection"]["active"] is True


@pytest.mark.parametrize(("mode", "separator"), [("jwt", "?"), ("query.jwt", "?"), ("fragment.jwt", "#")])
@pytest.mark.parametrize("issuer", ["sm", "intl"])
def test_the_answer_is_one_signed_parameter(
    app: Flask,
    browser: Browser,
    deployment: Deployment,
    school: str,
    person: Known,
    clock: SettableClock,
    issuer: str,
    mode: str,
    separator: str,
) -> None:
    party = register_app(app, deployment, school, issuer=issuer, trusted=True)
    browser.get(party.authorize_url(response_mode=mode))
    page = browser.sign_in(person.number, PASSWORD)
    assert list(page.query) == ["response"]
    assert page.location.split(separator)[0] == "https://app.example.edu.cn/callback"
    claims = verified(party, page.query["response"])
    assert (claims["aud"], claims["state"]) == (party.client_id, party.state)
    assert 0 < claims["exp"] - clock.now().timestamp() <= 600
    assert party.exchange(claims["code"]).status == 200


def test_an_error_is_signed_too(app: Flask, browser: Browser, rp: RelyingParty) -> None:
    page = browser.get(rp.authorize_url(response_mode="jwt", prompt="none"))
    claims = verified(rp, page.query["response"])
    assert (claims["error"], claims["state"]) == ("login_required", rp.state)


def test_a_signed_answer_travels_by_form_post(app: Flask, browser: Browser, trusted: RelyingParty, person: Known) -> None:
    browser.get(trusted.authorize_url(response_mode="form_post.jwt"))
    page = browser.sign_in(person.number, PASSWORD)
    fields = page.form("response").fields
    assert set(fields) == {"response"}
    assert trusted.exchange(verified(trusted, fields["response"])["code"]).status == 200


def test_tokens_never_go_into_a_query_as_a_jwt_either(app: Flask, browser: Browser, deployment: Deployment, school: str) -> None:
    grants = ("authorization_code", "implicit")
    party = register_app(app, deployment, school, grant_types=grants, response_types=("code id_token",))
    page = browser.get(party.authorize_url(response_type="code id_token", response_mode="query.jwt"))
    assert page.location.startswith("https://app.example.edu.cn/callback#")
    assert page.query["error"] == "invalid_request"


def test_an_encrypted_answer_holds_a_signed_one(
    app: Flask, browser: Browser, deployment: Deployment, school: str, person: Known, way: tuple[str, Reader, str | None]
) -> None:
    party = wanting(app, deployment, school, way, "authorization")
    browser.get(party.authorize_url(response_mode="jwt"))
    page = browser.sign_in(person.number, PASSWORD)
    claims = verified(party, way[1].read(page.query["response"])[1].decode())
    assert party.exchange(claims["code"]).status == 200


def test_a_key_at_an_address_is_encrypted_to(
    fetching: Flask, deployment: Deployment, school: str, person: Known, receiver: Receiver
) -> None:
    reader = Reader("SGD_SM2_3")
    changes: dict[str, Any] = {"jwks_uri": f"{receiver.url}/jwks", "id_token_encrypted_response_alg": "SGD_SM2_3"}
    party = register_app(fetching, deployment, school, trusted=True, **changes)
    code = sign_in_to(Browser(fetching), party, person)
    answer = party.exchange(code)
    assert (answer.status, answer.error) == (400, "invalid_request")
    receiver.documents["/jwks"] = json.dumps({"keys": [{"kty": "oct", "k": "AA"}, reader.jwk()]}).encode()
    code = Browser(fetching)
    tokens = party.exchange(sign_in_to(code, party, person)).body
    assert verified(party, reader.read(tokens["id_token"])[1].decode())["aud"] == party.client_id


@pytest.mark.parametrize(
    "changes",
    [
        {"id_token_encrypted_response_alg": "RSA-OAEP-256"},
        {"id_token_encrypted_response_alg": "dir"},
        {"id_token_encrypted_response_alg": "SGD_SM2_3", "id_token_encrypted_response_enc": "A256GCM"},
        {"id_token_encrypted_response_enc": "SGD_SM4_GCM"},
        {"userinfo_signed_response_alg": "none"},
        {"userinfo_signed_response_alg": "RS256"},
        {"userinfo_encrypted_response_alg": "SGD_SM2_3", "jwks": None},
        {"userinfo_encrypted_response_alg": "SGD_SM2_3", "jwks": {"keys": [{"kty": "EC", "crv": "SM2", "x": "AA", "y": "AA"}]}},
        {"authorization_encrypted_response_alg": "RSA1_5"},
        {"introspection_signed_response_alg": "HS256"},
    ],
)
def test_what_this_issuer_cannot_encrypt_or_sign_is_refused(
    app: Flask, deployment: Deployment, school: str, changes: dict[str, Any]
) -> None:
    usual = {"jwks": {"keys": [Reader("SGD_SM2_3").jwk()]}}
    with pytest.raises(InvalidRegistration):
        register_app(app, deployment, school, **{**usual, **changes})


def test_an_rsa_key_that_is_too_short_is_no_key(app: Flask, deployment: Deployment, school: str) -> None:
    short = {"kty": "RSA", "n": base64url.encode(b"\xff" * 128), "e": "AQAB"}
    with pytest.raises(InvalidRegistration):
        register_app(app, deployment, school, issuer="intl", jwks={"keys": [short]}, id_token_encrypted_response_alg="RSA-OAEP-256")
