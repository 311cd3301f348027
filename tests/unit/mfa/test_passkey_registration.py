"""Registering a passkey: what a browser hands back is refused for every field that is not as it has to be."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fido2.utils import websafe_decode, websafe_encode

from idp.mfa.factors.passkey import answers, errors, options
from idp.mfa.factors.passkey.assertion import Assertion
from idp.mfa.factors.passkey.options import Known
from idp.mfa.factors.passkey.relying_party import RelyingParty, relying_party
from idp.settings import Settings
from tests.authenticator import BE, BS, UP, UV, Authenticator, encoded
from tests.unit.mfa.passkeys import CHALLENGE, HERE, OWNER, Change, asserted, registered, stored

# --- What the page is given -----------------------------------------------------------------------------------------------


def test_a_registration_asks_for_a_discoverable_passkey_of_a_device_that_verifies_its_owner_and_for_no_attestation() -> None:
    asked = options.registration_options(HERE, OWNER, CHALLENGE, [Known(b"\x01\x02", ("usb", "carrier-pigeon"))])
    assert asked["rp"] == {"name": "一码", "id": "localhost"}
    assert websafe_decode(asked["user"]["id"]) == OWNER.handle
    assert websafe_decode(asked["challenge"]) == CHALLENGE
    assert [one["alg"] for one in asked["pubKeyCredParams"]] == [-7, -8, -257]
    assert asked["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert asked["attestation"] == "none"
    assert asked["timeout"] == 300_000
    assert asked["excludeCredentials"] == [{"id": "AQI", "type": "public-key", "transports": ["usb"]}]


def test_an_assertion_without_a_name_lists_no_passkeys_and_requires_user_verification() -> None:
    asked = options.assertion_options(HERE, CHALLENGE)
    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"
    assert asked["rpId"] == "localhost"


def test_the_relying_party_is_the_domain_of_the_public_url_with_its_origin() -> None:
    party = relying_party(Settings(public_url="https://id.example.edu.cn:8443", organisation="第一中学"))
    assert party == RelyingParty("id.example.edu.cn", "第一中学", ("https://id.example.edu.cn:8443",))


def test_the_relying_party_can_be_the_domain_above_and_have_related_origins() -> None:
    settings = Settings(
        public_url="https://id.example.edu.cn", webauthn_rp_id="example.edu.cn", webauthn_related_origins="https://id.example.cn"
    )
    party = relying_party(settings)
    assert party is not None
    assert (party.id, party.origins) == ("example.edu.cn", ("https://id.example.edu.cn", "https://id.example.cn"))


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://[::1]:8000", "https://192.0.2.7"])
def test_at_an_ip_address_there_is_no_relying_party(address: str) -> None:
    assert relying_party(Settings(public_url=address)) is None


# --- Registration ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
    ],
    ids=["ES256", "EdDSA", "RS256"],
)
def test_a_passkey_of_each_offered_algorithm_is_registered_and_used(key: Any) -> None:
    device = Authenticator(key=key)
    row = stored(device)
    assert asserted(device, row) == Assertion(sign_count=1, backed_up=False)


def test_a_new_passkey_is_kept_with_its_transports_and_whether_it_is_copied_between_devices() -> None:
    made = registered(Authenticator(flags=UP | UV | BE | BS))
    assert (made.transports, made.backup_eligible, made.backed_up) == (("hybrid", "internal"), True, True)


def test_a_key_that_attests_for_itself_is_taken() -> None:
    assert registered(Authenticator(fmt="packed")).sign_count == 0


def test_the_names_of_unknown_transports_are_left_out() -> None:
    made = registered(Authenticator(), change=lambda answer: answer["response"].update(transports=["usb", "telepathy", 7]))
    assert made.transports == ("usb",)


def test_a_related_origin_is_taken_as_ours() -> None:
    assert registered(Authenticator(origin="https://id.example.cn")).sign_count == 0


@pytest.mark.parametrize(
    ("device", "error"),
    [
        (Authenticator(origin="https://localhost:8000"), errors.WrongOrigin),
        (Authenticator(origin="http://localhost"), errors.WrongOrigin),
        (Authenticator(origin="http://localhost:8000/"), errors.WrongOrigin),
        (Authenticator(origin="https://id.example.cn.evil.example"), errors.WrongOrigin),
        (Authenticator(rp_id="evil.example"), errors.WrongRelyingParty),
        (Authenticator(flags=UP), errors.UserNotVerified),
        (Authenticator(flags=UV), errors.UserNotVerified),
        (Authenticator(flags=UP | UV | BS), errors.MalformedAnswer),
        (Authenticator(key=ec.generate_private_key(ec.SECP384R1())), errors.UnsupportedKey),
        (Authenticator(key=rsa.generate_private_key(public_exponent=65537, key_size=1024)), errors.UnsupportedKey),
        (Authenticator(fmt="android-key"), errors.MalformedAnswer),
        (Authenticator(credential_id=b"\x01" * 1024), errors.MalformedAnswer),
        (Authenticator(credential_id=b""), errors.MalformedAnswer),
    ],
    ids=[
        "https for http",
        "another port",
        "a path",
        "a longer host",
        "another RP ID",
        "no user verification",
        "no user presence",
        "backed up though it cannot be",
        "P-384",
        "a small RSA key",
        "an attestation that was not asked for",
        "a credential id that is too long",
        "an empty credential id",
    ],
)
def test_what_is_not_a_passkey_for_us_is_not_registered(device: Authenticator, error: type[Exception]) -> None:
    with pytest.raises(error):
        registered(device)


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"type": "webauthn.get"}, errors.WrongCeremony),
        ({"challenge": websafe_encode(b"\x01" * 32)}, errors.WrongChallenge),
        ({"challenge": websafe_encode(CHALLENGE[:-1])}, errors.WrongChallenge),
        ({"challenge": ""}, errors.WrongChallenge),
        ({"challenge": websafe_encode(CHALLENGE) + "="}, errors.MalformedAnswer),
        ({"challenge": None}, errors.MalformedAnswer),
        ({"challenge": 7}, errors.MalformedAnswer),
        ({"origin": None}, errors.MalformedAnswer),
        ({"origin": ["http://localhost:8000"]}, errors.MalformedAnswer),
        ({"type": None}, errors.MalformedAnswer),
        ({"crossOrigin": True}, errors.MalformedAnswer),
        ({"crossOrigin": "false"}, errors.MalformedAnswer),
        ({"topOrigin": "https://evil.example"}, errors.MalformedAnswer),
    ],
)
def test_client_data_of_another_ceremony_is_refused(members: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        registered(Authenticator(), **members)


LABELS = {"kty": 1, "alg": 3, "crv": -1, "x": -2, "y": -3}


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": -47},
        {"alg": -65535},
        {"alg": -8},
        {"alg": None},
        {"alg": "ES256"},
        {"kty": None},
        {"kty": 4},
        {"kty": 3},
        {"crv": 8},
        {"crv": 2},
        {"x": None},
        {"x": b""},
        {"x": b"\x01" * 31},
        {"x": b"\x01" * 32},
        {"y": True},
        dict.fromkeys(LABELS),
    ],
    ids=lambda changes: ",".join(changes),
)
def test_a_public_key_that_was_not_offered_or_is_none_is_refused(changes: dict[str, Any]) -> None:
    device = Authenticator()
    key = dict(device.cose_key()) | {LABELS[name]: value for name, value in changes.items()}
    with pytest.raises(errors.PasskeyRefused):
        registered(device, public_key={label: value for label, value in key.items() if value is not None})


def test_a_passkey_that_names_another_credential_outside_than_inside_is_refused() -> None:
    other = websafe_encode(b"\x05" * 32)
    with pytest.raises(errors.MalformedAnswer):
        registered(Authenticator(), change=lambda answer: answer.update(id=other, rawId=other))


# --- What can be wrong with the text --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"x"', "7", "NaN", "\x00", "{}", '{"id":"AQ"}', "[" * 20_000, '{"a":' * 5_000, "x" * 32_769, "\ud800"],
)
@pytest.mark.parametrize("read", [answers.read_registration, answers.read_assertion])
def test_what_is_not_a_credential_in_json_is_refused(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(errors.MalformedAnswer):
        read(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer.pop("type"),
        lambda answer: answer.update(type="password"),
        lambda answer: answer.pop("rawId"),
        lambda answer: answer.update(rawId="AQI"),
        lambda answer: answer.update(id=answer["id"] + "=", rawId=answer["id"] + "="),
        lambda answer: answer.update(id=" " + answer["id"], rawId=" " + answer["id"]),
        lambda answer: answer.update(id=7, rawId=7),
        lambda answer: answer.update(response=[]),
        lambda answer: answer["response"].pop("clientDataJSON"),
        lambda answer: answer["response"].update(clientDataJSON="e30"),
        lambda answer: answer["response"].update(clientDataJSON="W10"),
        lambda answer: answer["response"].update(clientDataJSON="_w"),
        lambda answer: answer["response"].update(transports="usb"),
        lambda answer: answer["response"].update(attestationObject=None),
        lambda answer: answer["response"].update(attestationObject=""),
        lambda answer: answer["response"].update(attestationObject=encoded([])),
        lambda answer: answer["response"].update(attestationObject=encoded({"fmt": "none", "attStmt": {}})),
        lambda answer: answer["response"].update(attestationObject=encoded({"fmt": "none", "attStmt": {}, "authData": "x"})),
        lambda answer: answer["response"].update(attestationObject=encoded({"fmt": "none", "attStmt": {}, "authData": b"x"})),
        lambda answer: answer["response"].update(attestationObject=encoded({"fmt": 7, "attStmt": {}, "authData": b"\0" * 37})),
        lambda answer: answer["response"].update(attestationObject=answer["response"]["attestationObject"][:-8]),
        lambda answer: answer["response"].update(attestationObject=websafe_encode(b"\x81" * 5_000)),
        lambda answer: answer["response"].update(attestationObject=websafe_encode(b"\x9b" + b"\xff" * 8)),
        lambda answer: answer["response"].update(attestationObject=websafe_encode(b"\x5b" + b"\x7f" * 8)),
    ],
)
def test_a_registration_with_a_broken_member_is_refused(change: Change) -> None:
    with pytest.raises(errors.PasskeyRefused):
        registered(Authenticator(), change=change)


def test_a_member_that_stands_twice_is_refused() -> None:
    answer = json.dumps(Authenticator().create(options.registration_options(HERE, OWNER, CHALLENGE)))
    with pytest.raises(errors.MalformedAnswer):
        answers.read_registration(answer[:-1] + ', "type": "public-key"}')


def test_a_byte_order_mark_before_the_client_data_is_stripped() -> None:
    device = Authenticator()

    def marked(answer: dict[str, Any]) -> None:
        response = answer["response"]
        response["clientDataJSON"] = websafe_encode(b"\xef\xbb\xbf" + websafe_decode(response["clientDataJSON"]))

    read = device.create(options.registration_options(HERE, OWNER, CHALLENGE))
    marked(read)
    assert answers.read_registration(json.dumps(read)).client_data.challenge == CHALLENGE
