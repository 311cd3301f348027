"""A sign-in confirmed on the phone: what is shown, what is kept, and who collects it."""

import json
import re
from base64 import b64decode
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from examples.signature_verifier.verify import verify
from idp.deployment import Deployment
from idp.mfa.factors.cosign.tables import CosignKey, CosignSignature
from tests.cosigning.phone import PhoneApp
from tests.people import PASSWORD, Known, make_person
from tests.unit.crypto.cosign.test_ordinary_signature import openssl
from tests.web.cosigning.pages import NUMBER, STATE, collect, found
from tests.web.pages import Browser, Page


def test_a_sign_in_is_confirmed_on_the_phone_and_reaches_level_3(browser: Browser, asking: Page, co_signer: PhoneApp) -> None:
    [transaction] = co_signer.waiting()
    assert co_signer.confirm(transaction, found(NUMBER, asking)).status == 200
    assert "林小雨" in collect(browser, asking).text


def test_the_phone_is_shown_who_signs_in_where_and_the_number_is_not_told_to_it(
    asking: Page, co_signer: PhoneApp, person: Known
) -> None:
    [transaction] = co_signer.waiting()
    domain, _, body = transaction["message"].partition("\n")
    members = json.loads(body)
    assert (domain, members["purpose"], members["sub"]) == ("YIMA-COSIGN-LOGIN-1", "login", person.number)
    assert members["ip_text"] == "127.0.0.1"
    assert set(transaction) == {"tx", "message", "numbered"}


def test_before_the_phone_has_confirmed_the_page_waits(browser: Browser, app: Flask, asking: Page, co_signer: PhoneApp) -> None:
    state = f"/cosign/state?tx={found(STATE, asking)}"
    assert app.test_client().get(state).get_json() == {"state": "waiting"}
    assert collect(browser, asking).status == 422
    assert "yima_session" not in browser.cookies()
    [transaction] = co_signer.waiting()
    co_signer.confirm(transaction, found(NUMBER, asking))
    assert app.test_client().get(state).get_json() == {"state": "done"}


def test_only_the_browser_that_asked_collects_what_the_phone_proved(
    app: Flask, browser: Browser, asking: Page, co_signer: PhoneApp, person: Known
) -> None:
    thief = Browser(app)
    thief.get("/login")
    page = thief.sign_in(person.number, PASSWORD)
    [transaction] = co_signer.waiting()
    co_signer.confirm(transaction, found(NUMBER, asking))
    form = page.form("kind")
    stolen = {**form.fields, "challenge": transaction["tx"]}
    assert thief.post("/login/factor", stolen).status == 422
    assert "yima_session" not in thief.cookies()


def test_the_signature_is_kept_shown_and_verified_by_openssl_and_by_the_example(
    browser: Browser, asking: Page, co_signer: PhoneApp, tmp_path: Path
) -> None:
    folder = tmp_path
    [transaction] = co_signer.waiting()
    co_signer.confirm(transaction, found(NUMBER, asking))
    collect(browser, asking)
    listed = browser.get("/me/signatures")
    assert transaction["tx"] in listed.text
    [address, *_] = re.findall(r'href="(/me/signatures/\d+\.json)"', listed.text)
    exported = json.loads(browser.get(address).text)
    assert verify(exported) == exported["message"] == transaction["message"]
    (folder / "key.pem").write_text(exported["public_key"])
    (folder / "message").write_text(exported["message"])
    (folder / "signature").write_bytes(b64decode(exported["signature"]))
    said = openssl(
        *("pkeyutl", "-verify", "-pubin", "-inkey", folder / "key.pem", "-rawin", "-digest", "sm3"),
        *("-pkeyopt", "distid:1234567812345678", "-in", folder / "message", "-sigfile", folder / "signature"),
    )
    assert "Signature Verified Successfully" in said


def test_a_signature_of_somebody_else_is_not_shown(
    app: Flask, browser: Browser, asking: Page, co_signer: PhoneApp, school: str, deployment: Deployment
) -> None:
    other = make_person(deployment, school, name="王老师", document="OTHER1234")
    stranger = Browser(app)
    stranger.get("/login")
    stranger.sign_in(other.number, PASSWORD)
    with deployment.reading() as session:
        number = session.scalars(select(CosignSignature.id)).first()
    assert stranger.get(f"/me/signatures/{number}.json").status == 404


def test_the_servers_share_lies_sealed_and_the_phones_nowhere(co_signer: PhoneApp, deployment: Deployment) -> None:
    with deployment.reading() as session:
        row = session.scalars(select(CosignKey)).one()
    assert row.share_sealed.startswith("v") or "." in row.share_sealed or len(row.share_sealed) > 64
    assert co_signer.share.d1.hex() not in json.dumps({name: str(value) for name, value in vars(row).items()})
    with pytest.raises(ValueError):
        bytes.fromhex(row.share_sealed)
