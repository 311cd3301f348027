"""What the phone's origin takes, and what it does not."""

import json

import pytest
from flask import Flask
from sqlalchemy import select

from idp.deployment import Deployment
from idp.mfa.tables import Credential
from tests.cosigning.phone import HOST, PhoneApp
from tests.people import PASSWORD, Known
from tests.web.conftest import app_with
from tests.web.cosigning.pages import NUMBER, found
from tests.web.pages import Browser, Page


def altered(body: bytes, **changes: object) -> bytes:
    return json.dumps(json.loads(body) | changes).encode()


GOOD = json.dumps({"signed": json.dumps({"kid": "A" * 22}), "signature": "0" * 128}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        b'"x"',
        b"\xff",
        GOOD + b"x",
        altered(GOOD, more=1),
        altered(GOOD, signed=7),
        altered(GOOD, signed="[]"),
        altered(GOOD, signed='{"kid":"A","kid":"B"}'),
        altered(GOOD, signed=json.dumps({"kid": "A" * 21})),
        altered(GOOD, signed=json.dumps({"kid": "A" * 23})),
        altered(GOOD, signed=json.dumps({"kid": 22})),
        altered(GOOD, signed=json.dumps({"kid": None})),
        altered(GOOD, signed=json.dumps({"kid": "A" * 22, "extra": ""})),
        altered(GOOD, signed="\ud800"),
        altered(GOOD, signature=" " * 9000),
        b'{"signed":"{}","signed":"{}","signature":""}',
    ],
)
def test_what_is_no_message_of_the_app_is_malformed(app: Flask, body: bytes) -> None:
    assert PhoneApp(app).post("/cosign/waiting", body).status_code == 400


def test_another_content_type_method_or_size_is_refused(app: Flask) -> None:
    phone = PhoneApp(app)
    assert phone.post("/cosign/waiting", GOOD, content_type="text/plain").status_code == 400
    assert phone.post("/cosign/waiting", GOOD + b" " * 70_000).status_code == 413
    assert app.test_client().get("/cosign/waiting", headers={"Host": HOST}).status_code == 405
    assert phone.post("/cosign/waiting", GOOD).status_code == 401


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("point", "04" + "0" * 128),
        ("proof", ["0" * 64] * 3),
        ("proof", ["1" * 64] * 2),
        ("number", "123"),
        ("number", "１２"),
        ("sequence", 0),
        ("sequence", True),
        ("sequence", 2**53),
        ("sequence", 1.5),
        ("profile", "yima-cosign-2"),
        ("digest", "A" * 64),
    ],
)
def test_a_first_message_with_a_member_out_of_shape_is_malformed_and_not_counted(
    asking: Page, co_signer: PhoneApp, deployment: Deployment, name: str, value: object
) -> None:
    number, [transaction] = found(NUMBER, asking), co_signer.waiting()
    assert co_signer.answer(transaction, number, **{name: value}).status == 400
    with deployment.reading() as session:
        assert session.scalars(select(Credential.fails).where(Credential.kind == "cosign")).one() == 0


def test_the_phones_origin_has_a_strict_policy_and_nothing_of_the_main_one(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/", headers={"Host": HOST})
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert "Set-Cookie" not in page.headers
    assert client.get("/login", headers={"Host": HOST}).status_code == 404
    assert client.get("/me", headers={"Host": HOST}).status_code == 404


def test_the_main_origin_has_nothing_of_the_phones(app: Flask, co_signer: PhoneApp) -> None:
    assert co_signer.post("/cosign/waiting", GOOD, host="localhost:8000").status_code == 404
    assert app.test_client().get("/phone.js", headers={"Host": "localhost:8000"}).status_code == 404


def test_without_an_address_for_the_app_phone_signing_is_not_offered(deployment: Deployment, person: Known) -> None:
    browser = Browser(app_with(deployment, phone_url=""))
    browser.get("/login")
    assert "手机签名" not in browser.sign_in(person.number, PASSWORD).text
    assert browser.get("/me/factors/cosign").status == 400
