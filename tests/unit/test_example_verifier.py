"""The verifier that schools copy out of the example: right where ours is right, and as strict."""

import json
from datetime import UTC, datetime

import pytest

from examples.relying_app import sm2_token
from idp.crypto import base64url, sm3
from idp.crypto.jose import SoftwareSigner, generate_signer, jwt
from tests.unit.crypto.mutations import mutated
from tests.vectors import read

SIGNER = generate_signer("SGD_SM3_SM2")
KEYS = [SIGNER.public_jwk()]
EXPECTED = {"issuer": "https://id.example.edu.cn", "client_id": "app_1", "nonce": "n"}


def claims(**changes: object) -> dict[str, object]:
    now = int(datetime.now(UTC).timestamp())
    return {"iss": "https://id.example.edu.cn", "aud": "app_1", "nonce": "n", "sub": "x", "iat": now, "exp": now + 300, **changes}


def test_it_returns_the_claims_of_a_token_that_ours_signed() -> None:
    assert sm2_token.verify(jwt.encode(claims(), SIGNER), KEYS, **EXPECTED)["sub"] == "x"
    assert sm2_token.verify(jwt.encode(claims(aud=["app_1"]), SIGNER), KEYS, **EXPECTED)["sub"] == "x"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "app_2"},
        {"aud": ["app_1", "app_2"]},
        {"aud": []},
        {"nonce": "other"},
        {"nonce": None},
        {"exp": 1},
        {"exp": "soon"},
        {"iat": 2**40},
        {"iat": None},
    ],
)
def test_a_claim_that_does_not_fit_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(sm2_token.InvalidToken):
        sm2_token.verify(jwt.encode(claims(**changes), SIGNER), KEYS, **EXPECTED)


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat"])
def test_a_claim_that_is_missing_is_refused(name: str) -> None:
    without = {key: value for key, value in claims().items() if key != name}
    with pytest.raises(sm2_token.InvalidToken):
        sm2_token.verify(jwt.encode(without, SIGNER), KEYS, **EXPECTED)


def resigned(header: dict[str, object], signer: SoftwareSigner = SIGNER) -> str:
    signing_input = f"{base64url.encode(json.dumps(header).encode())}.{base64url.encode(json.dumps(claims()).encode())}"
    return f"{signing_input}.{base64url.encode(signer.sign(signing_input.encode()))}"


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "ES256"}, {"alg": "SGD_SM3_SM2", "crit": ["x"]}, {}, {"alg": "SGD_SM3_SM2", "kid": "other"}]
)
def test_another_algorithm_extension_or_key_is_refused(header: dict[str, object]) -> None:
    with pytest.raises(sm2_token.InvalidToken):
        sm2_token.verify(resigned(header), KEYS, **EXPECTED)


def test_a_stranger_and_a_key_off_the_curve_are_refused() -> None:
    stranger = generate_signer("SGD_SM3_SM2")
    with pytest.raises(sm2_token.InvalidToken):
        sm2_token.verify(resigned({"alg": "SGD_SM3_SM2", "kid": SIGNER.kid}, stranger), KEYS, **EXPECTED)
    with pytest.raises(sm2_token.InvalidToken):
        sm2_token.verify(jwt.encode(claims(), SIGNER), [{**KEYS[0], "x": base64url.encode(bytes(32))}], **EXPECTED)


def test_no_mutation_is_accepted_and_none_raises_anything_else() -> None:
    for text in mutated(jwt.encode(claims(), SIGNER), 150, seed=7):
        with pytest.raises(sm2_token.InvalidToken):
            sm2_token.verify(text, KEYS, **EXPECTED)


def test_its_sm3_is_sm3() -> None:
    for vector in read("gbt32905"):
        assert sm2_token.sm3(bytes.fromhex(vector["message"])).hex().upper() == vector["digest"]
    for length in (0, 55, 56, 63, 64, 200):
        assert sm2_token.sm3(b"x" * length) == sm3.digest(b"x" * length)


def test_it_verifies_the_signature_of_the_standard() -> None:
    vector = read("gbt32918_5")
    point = bytes.fromhex(vector["public_key"])
    signature = bytes.fromhex(vector["signature"]["r"] + vector["signature"]["s"])
    public = (int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big"))
    sm2_token.check_signature(public, b"message digest", signature)
