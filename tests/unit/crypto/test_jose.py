"""Tokens: what is signed verifies, and every way to cheat is refused with a typed error."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, RSAKey

from idp.crypto import base64url, sm3
from idp.crypto.der import signature_to_der
from idp.crypto.errors import CryptoError, InvalidKey, InvalidToken, UnsupportedAlgorithm
from idp.crypto.jose import KeySet, SoftwareSigner, generate_signer, jws, jwt
from idp.crypto.jose.half_hash import half_hash
from idp.crypto.jose.jwk import read_public, thumbprint
from tests.unit.crypto.mutations import mutated

ALGORITHMS = ("SGD_SM3_SM2", "RS256", "ES256", "PS256")
SIGNERS = {name: generate_signer(name) for name in ALGORITHMS}
CLAIMS = {"iss": "https://id.example.edu.cn", "sub": "某人", "aud": "app"}


@pytest.fixture(params=ALGORITHMS)
def signer(request: pytest.FixtureRequest) -> SoftwareSigner:
    return SIGNERS[request.param]


def keys(*signers: SoftwareSigner) -> KeySet:
    return KeySet([signer.public_jwk() for signer in signers])


def resigned(signer: SoftwareSigner, header: object, payload: object = CLAIMS) -> str:
    """A token whose header is whatever a cheat wants, with a genuine signature by ``signer``."""
    head = base64url.encode(header if isinstance(header, bytes) else json.dumps(header).encode())
    body = base64url.encode(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    return f"{head}.{body}.{base64url.encode(signer.sign(f'{head}.{body}'.encode()))}"


def test_what_is_signed_verifies(signer: SoftwareSigner) -> None:
    token = jwt.encode(CLAIMS, signer)
    decoded = jwt.decode(token, keys(*SIGNERS.values()), algorithms=[signer.alg], typ="JWT")
    assert decoded.claims == CLAIMS
    assert decoded.header == {"alg": signer.alg, "kid": signer.kid, "typ": "JWT"}


@pytest.mark.parametrize("name", ["RS256", "ES256", "PS256"])
def test_another_library_reads_the_international_tokens(name: str) -> None:
    public = SIGNERS[name].public_jwk()
    key = (ECKey if public["kty"] == "EC" else RSAKey).import_key(public)  # type: ignore[arg-type]
    assert joserfc_jwt.decode(jwt.encode(CLAIMS, SIGNERS[name]), key, algorithms=[name]).claims == CLAIMS


def test_an_sm2_token_signs_the_whole_input_and_is_64_bytes() -> None:
    signature = base64url.decode(jwt.encode(CLAIMS, SIGNERS["SGD_SM3_SM2"]).split(".")[2])
    assert len(signature) == 64


def test_an_sm2_signature_in_der_is_accepted_and_only_canonical() -> None:
    signer = SIGNERS["SGD_SM3_SM2"]
    head, body, signature = jwt.encode(CLAIMS, signer).split(".")
    der = signature_to_der(base64url.decode(signature))
    jwt.decode(f"{head}.{body}.{base64url.encode(der)}", keys(signer), algorithms=[signer.alg])
    stretched = bytes([der[0], 0x81, *der[1:]])  # the same length in the long form
    for broken in (stretched, der + b"\0", der[:-1], b"\x31" + der[1:]):
        with pytest.raises(InvalidToken):
            jwt.decode(f"{head}.{body}.{base64url.encode(broken)}", keys(signer), algorithms=[signer.alg])


@pytest.mark.parametrize("alias", ["SM2", "SM2SM3", "SM2-SM3", "SM3withSM2", "SM3WithSM2", "GmSM2"])
def test_other_names_of_the_sm2_algorithm_are_read(alias: str) -> None:
    signer = SIGNERS["SGD_SM3_SM2"]
    jwt.decode(resigned(signer, {"alg": alias}), keys(signer), algorithms=["SGD_SM3_SM2"])


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "SGD_SM3_HMAC", "", "RS512", "ES256K", None, 7, ["RS256"], {}])
def test_an_algorithm_that_is_not_expected_is_refused(signer: SoftwareSigner, alg: object) -> None:
    with pytest.raises(InvalidToken):
        jwt.decode(resigned(signer, {"alg": alg}), keys(signer), algorithms=ALGORITHMS)


def test_an_algorithm_of_ours_that_is_not_expected_here_is_refused(signer: SoftwareSigner) -> None:
    others = [name for name in ALGORITHMS if name != signer.alg]
    with pytest.raises(InvalidToken):
        jwt.decode(jwt.encode(CLAIMS, signer), keys(signer), algorithms=others)


@pytest.mark.parametrize("claimed", ALGORITHMS)
def test_the_key_decides_the_algorithm_not_the_token(signer: SoftwareSigner, claimed: str) -> None:
    if claimed == signer.alg:
        return
    with pytest.raises(InvalidToken):
        jwt.decode(resigned(signer, {"alg": claimed, "kid": signer.kid}), keys(signer), algorithms=ALGORITHMS)


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    key = RSAKey.import_key(SIGNERS["RS256"].public_jwk())  # type: ignore[arg-type]
    pem = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body = base64url.encode(b'{"alg":"HS256"}'), base64url.encode(json.dumps(CLAIMS).encode())
    mac = hmac.new(pem, f"{head}.{body}".encode(), hashlib.sha256).digest()
    with pytest.raises(InvalidToken):
        jwt.decode(f"{head}.{body}.{base64url.encode(mac)}", keys(SIGNERS["RS256"]), algorithms=ALGORITHMS)


def test_a_key_of_the_token_itself_is_not_looked_at(signer: SoftwareSigner) -> None:
    stranger = generate_signer(signer.alg)
    header = {"alg": signer.alg, "jwk": stranger.public_jwk(), "jku": "http://localhost/keys"}
    with pytest.raises(InvalidToken):
        jwt.decode(resigned(stranger, header), keys(signer), algorithms=ALGORITHMS)


def test_a_stranger_under_our_key_id_is_refused(signer: SoftwareSigner) -> None:
    stranger = generate_signer(signer.alg)
    with pytest.raises(InvalidToken):
        jwt.decode(resigned(stranger, {"alg": signer.alg, "kid": signer.kid}), keys(signer), algorithms=ALGORITHMS)


def test_an_unknown_key_id_is_refused(signer: SoftwareSigner) -> None:
    with pytest.raises(InvalidToken):
        jwt.decode(resigned(signer, {"alg": signer.alg, "kid": "other"}), keys(signer), algorithms=ALGORITHMS)


@pytest.mark.parametrize("extra", [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"b64": False}, {"kid": 5}, {"kid": {"a": 1}}])
def test_a_header_that_asks_for_what_we_do_not_know_is_refused(signer: SoftwareSigner, extra: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        jwt.decode(resigned(signer, {"alg": signer.alg, **extra}), keys(signer), algorithms=ALGORITHMS)


@pytest.mark.parametrize("typ", [None, "JWT", "logout+jwt", 7])
def test_another_kind_of_token_is_refused(signer: SoftwareSigner, typ: object) -> None:
    with pytest.raises(InvalidToken):
        jwt.decode(resigned(signer, {"alg": signer.alg, "typ": typ}), keys(signer), algorithms=ALGORITHMS, typ="at+jwt")


def test_the_kind_is_compared_as_a_media_type(signer: SoftwareSigner) -> None:
    token = resigned(signer, {"alg": signer.alg, "typ": "Application/AT+JWT"})
    jwt.decode(token, keys(signer), algorithms=ALGORITHMS, typ="at+jwt")


@pytest.mark.parametrize(
    "header",
    [b"", b"{}", b"null", b"[]", b'"text"', b"\xff", b'{"alg":"ES256","alg":"none"}', b'{"alg":NaN}', b"[" * 20_000],
)
def test_a_header_that_is_not_an_object_of_members_each_once_is_refused(signer: SoftwareSigner, header: bytes) -> None:
    with pytest.raises(InvalidToken):
        jwt.decode(resigned(signer, header), keys(signer), algorithms=ALGORITHMS)


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b'{"a":1,"a":2}', b"\xff\xff", b'{"a":Infinity}'])
def test_claims_that_are_not_an_object_are_refused(signer: SoftwareSigner, payload: bytes) -> None:
    with pytest.raises(InvalidToken):
        jwt.decode(resigned(signer, {"alg": signer.alg}, payload), keys(signer), algorithms=ALGORITHMS)


@pytest.mark.parametrize("text", ["", ".", "..", "a.b", "a.b.c.d", "a..c", "x" * 20_000, "中.文.字", "\x00.\x00.\x00"])
def test_a_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        jwt.decode(text, keys(*SIGNERS.values()), algorithms=ALGORITHMS)


def test_base64url_with_surplus_bits_padding_or_foreign_characters_is_refused(signer: SoftwareSigner) -> None:
    head, body, signature = jwt.encode(CLAIMS, signer).split(".")
    for broken in (signature + "=", signature + "==", signature[:-1] + "+", signature + "\n", " " + signature):
        with pytest.raises(InvalidToken):
            jwt.decode(f"{head}.{body}.{broken}", keys(signer), algorithms=ALGORITHMS)


def test_no_mutation_of_a_token_is_accepted_and_none_raises_anything_else(signer: SoftwareSigner) -> None:
    known = keys(*SIGNERS.values())
    for text in mutated(jwt.encode(CLAIMS, signer), 750, seed=20260901):
        with pytest.raises(InvalidToken):
            jwt.decode(text, known, algorithms=ALGORITHMS, typ="JWT")


def test_a_signer_comes_back_from_its_private_jwk(signer: SoftwareSigner) -> None:
    again = SoftwareSigner.from_private_jwk(signer.private_jwk())
    assert again.kid == signer.kid
    jwt.decode(jwt.encode(CLAIMS, again), keys(signer), algorithms=[signer.alg])


def test_a_public_jwk_holds_no_private_number(signer: SoftwareSigner) -> None:
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(signer.public_jwk())


def test_a_key_that_others_can_sign_with_is_refused(signer: SoftwareSigner) -> None:
    with pytest.raises(InvalidKey):
        read_public(signer.private_jwk())


def sm2_jwk(**changes: object) -> dict[str, Any]:
    return {name: v for name, v in {**SIGNERS["SGD_SM3_SM2"].public_jwk(), **changes}.items() if v is not None}


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        sm2_jwk(crv="secp256k1"),
        sm2_jwk(crv="P-256"),
        sm2_jwk(x=None),
        sm2_jwk(y=7),
        sm2_jwk(x="AAAA"),
        sm2_jwk(x=base64url.encode(bytes(32))),
        sm2_jwk(alg="ES256"),
        sm2_jwk(use="enc"),
        sm2_jwk(key_ops=["sign"]),
        sm2_jwk(kid=5),
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": 5, "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
    ],
)
def test_a_key_that_cannot_verify_here_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises((InvalidKey, UnsupportedAlgorithm)):
        read_public(jwk)


def test_an_rsa_key_that_is_too_short_is_refused() -> None:
    number = rsa.generate_private_key(65537, 1024).public_key().public_numbers().n
    with pytest.raises(InvalidKey):
        read_public({"kty": "RSA", "n": base64url.encode(number.to_bytes(128, "big")), "e": "AQAB"})


@pytest.mark.parametrize("curve", ["SM2", "SM2-P-256", "sm2p256v1"])
def test_other_names_of_the_sm2_curve_are_read(curve: str) -> None:
    assert read_public(sm2_jwk(crv=curve)).algorithms == ("SGD_SM3_SM2",)


def test_one_bad_key_does_not_take_the_set_down(signer: SoftwareSigner) -> None:
    found = KeySet([{"kty": "unknown"}, signer.public_jwk(), {}])
    assert len(found.keys) == 1
    assert len(found.ignored) == 2
    jwt.decode(jwt.encode(CLAIMS, signer), found, algorithms=ALGORITHMS)


@pytest.mark.parametrize("document", [None, [], {}, {"keys": {}}, {"keys": [1]}, "text"])
def test_a_document_that_is_no_key_set_is_refused(document: object) -> None:
    with pytest.raises(InvalidKey):
        KeySet.from_document(document)


def test_a_set_of_too_many_keys_is_refused() -> None:
    with pytest.raises(CryptoError):
        KeySet([sm2_jwk()] * 65)


def test_the_thumbprint_of_rfc_7638() -> None:
    # RFC 7638 §3.1
    jwk = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI"
        "SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
    }
    assert thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert thumbprint(jwk, "sm3") != thumbprint(jwk)


def test_the_half_hash_follows_the_algorithm() -> None:
    expected = base64url.encode(hashlib.sha256(b"token").digest()[:16])
    assert [half_hash(name, "token") for name in ("RS256", "PS256", "ES256")] == [expected] * 3
    assert half_hash("SGD_SM3_SM2", "token") == base64url.encode(sm3.digest(b"token")[:16])


def test_a_detached_header_is_not_part_of_what_we_make(signer: SoftwareSigner) -> None:
    token = jws.sign(b"{}", signer, typ="JWT", headers={"x": "y"})
    assert json.loads(base64url.decode(token.split(".")[0])) == {"alg": signer.alg, "kid": signer.kid, "typ": "JWT", "x": "y"}
