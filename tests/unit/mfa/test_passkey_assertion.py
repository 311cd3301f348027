"""Using a passkey: what a browser hands back is refused for every field that is not as it has to be."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fido2.utils import websafe_decode, websafe_encode

from idp.mfa.factors.passkey import answers, errors
from tests.authenticator import BE, BS, UP, UV, Authenticator
from tests.unit.mfa.passkeys import Change, asserted, stored

# --- Assertion ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"origin": "https://evil.example"}, errors.WrongOrigin),
        ({"rp_id": "evil.example"}, errors.WrongRelyingParty),
        ({"flags": UP}, errors.UserNotVerified),
        ({"flags": UV}, errors.UserNotVerified),
        ({"flags": UP | UV | BE}, errors.MalformedAnswer),
        ({"flags": UP | UV | BS}, errors.MalformedAnswer),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, errors.WrongSignature),
        ({"key": ed25519.Ed25519PrivateKey.generate()}, errors.WrongSignature),
        ({"user_handle": b"\x08" * 64}, errors.WrongOwner),
        ({"user_handle": None}, errors.WrongOwner),
        ({"credential_id": b"\x05" * 32}, errors.WrongOwner),
    ],
    ids=[
        "another origin",
        "another RP ID",
        "no user verification",
        "no user presence",
        "suddenly copied between devices",
        "backed up though it cannot be",
        "another key",
        "a key of another algorithm",
        "another owner",
        "no owner",
        "another passkey",
    ],
)
def test_an_assertion_that_is_not_by_this_passkey_for_us_is_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    device = Authenticator()
    row = stored(device)
    with pytest.raises(error):
        asserted(device.copy(**changes), row)


def test_who_was_named_before_need_not_be_named_by_the_passkey() -> None:
    device = Authenticator()
    row = stored(device)
    device.user_handle = None
    assert asserted(device, row, names_owner=False).sign_count == 1


def test_who_was_named_before_is_refused_with_the_passkey_of_another() -> None:
    device = Authenticator()
    row = stored(device)
    with pytest.raises(errors.WrongOwner):
        asserted(device.copy(user_handle=b"\x08" * 64), row, names_owner=False)


def test_an_assertion_over_another_challenge_is_refused() -> None:
    device = Authenticator()
    row = stored(device)
    with pytest.raises(errors.WrongChallenge):
        asserted(device, row, challenge=b"\x01" * 32)


def test_a_registration_is_no_assertion() -> None:
    device = Authenticator()
    row = stored(device)
    with pytest.raises(errors.WrongCeremony):
        asserted(device, row, type="webauthn.create")


@pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature"])
def test_an_assertion_in_which_one_bit_was_turned_is_refused(name: str) -> None:
    device = Authenticator()
    row = stored(device)

    def turn(answer: dict[str, Any]) -> None:
        data = bytearray(websafe_decode(answer["response"][name]))
        data[-5] ^= 1
        answer["response"][name] = websafe_encode(bytes(data))

    with pytest.raises(errors.PasskeyRefused):
        asserted(device, row, change=turn)


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer["response"].pop("signature"),
        lambda answer: answer["response"].update(signature=""),
        lambda answer: answer["response"].pop("authenticatorData"),
        lambda answer: answer["response"].update(authenticatorData=""),
        lambda answer: answer["response"].update(authenticatorData=answer["response"]["authenticatorData"] + "AAAA"),
        lambda answer: answer["response"].update(userHandle=7),
        lambda answer: answer["response"].update(userHandle="*"),
    ],
)
def test_an_assertion_with_a_broken_member_is_refused(change: Change) -> None:
    device = Authenticator()
    row = stored(device)
    with pytest.raises(errors.PasskeyRefused):
        asserted(device, row, change=change)


@pytest.mark.parametrize(("before", "now"), [(5, 5), (5, 4), (5, 0), (1, 1)])
def test_a_count_that_does_not_grow_tells_of_a_second_authenticator(before: int, now: int) -> None:
    device = Authenticator()
    row = replace(stored(device), sign_count=before)
    with pytest.raises(errors.SignCountRegressed):
        asserted(device.copy(sign_count=now, step=0), row)


@pytest.mark.parametrize(("before", "now"), [(0, 0), (0, 1), (5, 6), (5, 2**32 - 1)])
def test_a_count_that_grows_or_is_not_kept_at_all_is_accepted(before: int, now: int) -> None:
    device = Authenticator()
    row = replace(stored(device), sign_count=before)
    assert asserted(device.copy(sign_count=now, step=0), row).sign_count == now


def test_without_the_key_nobody_can_make_a_passkey_look_copied() -> None:
    device = Authenticator()
    row = replace(stored(device), sign_count=5)
    stranger = device.copy(key=ec.generate_private_key(ec.SECP256R1()), sign_count=1, step=0)
    with pytest.raises(errors.WrongSignature):
        asserted(stranger, row)


def test_the_one_who_is_refused_learns_nothing_of_the_bytes() -> None:
    with pytest.raises(errors.PasskeyRefused) as caught:
        answers.read_assertion('{"id": "secret-text"}')
    assert "secret-text" not in f"{caught.value} {caught.value.detail}"
