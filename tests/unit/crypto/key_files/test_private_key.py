"""Key files: what we write others read, what others write we read, and what is not a key is refused."""

import subprocess
from pathlib import Path

import pytest
from OpenSSL import crypto as pyopenssl

from idp.crypto import pem, sm2
from idp.crypto.curve import N
from idp.crypto.der import AlgorithmIdentifier, oids, writer
from idp.crypto.errors import (
    CryptoError,
    DecryptionFailed,
    InvalidKey,
    MalformedDER,
    MalformedPEM,
    UnsupportedAlgorithm,
    WeakKeyDerivation,
)
from idp.crypto.key_files import PBES2_PROFILES, pbes2, pkcs8, read_private_key, sec1, write_private_key

PASSWORD = b"correct horse"
ROUNDS = 10_000


@pytest.fixture(scope="module")
def key() -> sm2.PrivateKey:
    return sm2.PrivateKey.generate()


def openssl(*arguments: str | Path, given: bytes | None = None) -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, input=given).stdout


def point_by_openssl(pem_text: str, *more: str) -> str:
    text = openssl("pkey", "-text", "-noout", *more, given=pem_text.encode()).decode()
    return "".join(text.split("pub:")[1].split("ASN1")[0].replace(":", "").split())


@pytest.mark.parametrize("with_curve", [True, False])
@pytest.mark.parametrize("with_public", [True, False])
def test_every_form_of_pkcs8_is_read(key: sm2.PrivateKey, with_curve: bool, with_public: bool) -> None:
    der = pkcs8.encode(key, with_curve=with_curve, with_public=with_public)
    assert read_private_key(pem.encode("PRIVATE KEY", der).encode()).scalar == key.scalar


@pytest.mark.parametrize("with_public", [True, False])
def test_sec1_is_read(key: sm2.PrivateKey, with_public: bool) -> None:
    der = sec1.encode(key, with_curve=True, with_public=with_public)
    assert read_private_key(pem.encode("EC PRIVATE KEY", der).encode()).scalar == key.scalar


@pytest.mark.parametrize("profile", PBES2_PROFILES)
def test_what_was_encrypted_is_read_with_its_password_only(key: sm2.PrivateKey, profile: str) -> None:
    text = write_private_key(key, PASSWORD, profile=profile, iterations=ROUNDS).encode()
    assert read_private_key(text, PASSWORD).scalar == key.scalar
    for wrong in (b"correct horsf", b"", None):
        with pytest.raises(DecryptionFailed):
            read_private_key(text, wrong)


def test_a_thousand_wrong_passwords_end_in_the_same_error(key: sm2.PrivateKey) -> None:
    profile = PBES2_PROFILES["sm4-hmac-sm3"]
    ciphertext = pbes2.read(pbes2.encrypt(pkcs8.encode(key), PASSWORD, profile, ROUNDS)).ciphertext
    fast = pbes2.EncryptedKey(profile, bytes(16), pbes2.WEAK_MIN_ITERATIONS, False, bytes(16), ciphertext).encode()
    text = pem.encode("ENCRYPTED PRIVATE KEY", fast).encode()
    for number in range(1000):
        with pytest.raises(DecryptionFailed):
            read_private_key(text, str(number).encode(), weak_allowed=True)


# --- Other implementations --------------------------------------------------------------------------------------------


def test_openssl_reads_ours(key: sm2.PrivateKey) -> None:
    assert point_by_openssl(write_private_key(key, None)) == f"04{key.public_key.point.hex()}"


@pytest.mark.parametrize("profile", ["aes256-hmac-sha256", "sm4-hmac-sha256"])
def test_openssl_reads_ours_encrypted_under_hmac_sha256(key: sm2.PrivateKey, profile: str) -> None:
    text = write_private_key(key, PASSWORD, profile=profile, iterations=ROUNDS)
    assert point_by_openssl(text, "-passin", f"pass:{PASSWORD.decode()}") == f"04{key.public_key.point.hex()}"


@pytest.mark.filterwarnings("ignore:dump_privatekey is deprecated")
def test_openssl_4_reads_ours_encrypted_under_hmac_sm3(key: sm2.PrivateKey) -> None:
    text = write_private_key(key, PASSWORD, profile="sm4-hmac-sm3-keyed", iterations=ROUNDS)
    theirs = pyopenssl.load_privatekey(pyopenssl.FILETYPE_PEM, text.encode(), PASSWORD)
    assert read_private_key(pyopenssl.dump_privatekey(pyopenssl.FILETYPE_PEM, theirs)).scalar == key.scalar


@pytest.mark.parametrize(
    "form",
    [
        ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"),
        ("genpkey", "-algorithm", "SM2"),
        ("ecparam", "-name", "SM2", "-genkey", "-noout"),
    ],
    ids=["genpkey EC", "genpkey SM2", "ecparam"],
)
def test_ours_reads_what_openssl_makes(form: tuple[str, ...]) -> None:
    text = openssl(*form)
    assert f"04{read_private_key(text).public_key.point.hex()}" == point_by_openssl(text.decode())


@pytest.mark.parametrize("cipher", ["-sm4-cbc", "-aes-256-cbc"])
def test_ours_reads_what_openssl_encrypts(key: sm2.PrivateKey, cipher: str) -> None:
    plain = write_private_key(key, None).encode()
    text = openssl(
        *("pkcs8", "-topk8", "-v2", cipher[1:], "-v2prf", "hmacWithSHA256", "-iter", str(ROUNDS)),
        *("-passout", f"pass:{PASSWORD.decode()}"),
        given=plain,
    )
    assert read_private_key(text, PASSWORD).scalar == key.scalar


def test_the_default_rounds_of_openssl_are_read_only_where_the_caller_says_so(key: sm2.PrivateKey) -> None:
    text = openssl("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:old", given=write_private_key(key, None).encode())
    with pytest.raises(WeakKeyDerivation):
        read_private_key(text, b"old")
    assert read_private_key(text, b"old", weak_allowed=True).scalar == key.scalar


# --- Refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("iterations", [1, 2047, 9_999, 10_000_001, 2**31])
def test_rounds_that_protect_nothing_or_stop_the_machine_are_refused_before_any_is_computed(
    key: sm2.PrivateKey, iterations: int
) -> None:
    profile = PBES2_PROFILES["sm4-hmac-sm3"]
    der = pbes2.EncryptedKey(profile, bytes(16), iterations, False, bytes(16), bytes(160)).encode()
    with pytest.raises(WeakKeyDerivation):
        read_private_key(pem.encode("ENCRYPTED PRIVATE KEY", der).encode(), PASSWORD)


def test_few_rounds_are_not_written(key: sm2.PrivateKey) -> None:
    with pytest.raises(WeakKeyDerivation):
        write_private_key(key, PASSWORD, iterations=2048)


def test_a_public_half_that_is_not_d_times_g_is_refused(key: sm2.PrivateKey) -> None:
    other = sm2.PrivateKey.generate().public_key.point
    der = pkcs8.encode(key).replace(key.public_key.point, other)
    with pytest.raises(InvalidKey):
        read_private_key(pem.encode("PRIVATE KEY", der).encode())


@pytest.mark.parametrize("scalar", [0, N - 1, N, 2**256 - 1], ids=["0", "n-1", "n", "2^256-1"])
def test_a_scalar_out_of_range_is_refused(key: sm2.PrivateKey, scalar: int) -> None:
    der = pkcs8.encode(key, with_public=False).replace(key.scalar, scalar.to_bytes(32, "big"))
    with pytest.raises(InvalidKey):
        read_private_key(pem.encode("PRIVATE KEY", der).encode())


@pytest.mark.parametrize("first", [2, 3, 6, 7], ids=["compressed", "compressed odd", "hybrid", "hybrid odd"])
def test_compressed_and_hybrid_points_are_refused(key: sm2.PrivateKey, first: int) -> None:
    point = key.public_key.point
    der = pkcs8.encode(key).replace(b"\x00\x04" + point, bytes((0, first)) + point)
    with pytest.raises(InvalidKey):
        read_private_key(pem.encode("PRIVATE KEY", der).encode())


def test_a_p256_key_is_refused() -> None:
    with pytest.raises(UnsupportedAlgorithm):
        read_private_key(openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))


def test_sec1_that_does_not_name_its_curve_is_refused(key: sm2.PrivateKey) -> None:
    with pytest.raises(MalformedDER):
        read_private_key(pem.encode("EC PRIVATE KEY", sec1.encode(key, with_curve=False)).encode())


def test_the_default_function_of_pkcs5_is_refused() -> None:
    derivation = writer.sequence(
        writer.octets(bytes(16)), writer.integer(ROUNDS), writer.sequence(writer.oid("1.2.840.113549.2.7"))
    )
    scheme = writer.sequence(
        AlgorithmIdentifier(oids.PBKDF2, derivation).encode(), AlgorithmIdentifier(oids.SM4_CBC, writer.octets(bytes(16))).encode()
    )
    der = writer.sequence(AlgorithmIdentifier(oids.PBES2, scheme).encode(), writer.octets(bytes(160)))
    with pytest.raises(UnsupportedAlgorithm):
        pbes2.read(der)


def test_two_blocks_where_one_is_due_are_refused(key: sm2.PrivateKey) -> None:
    text = write_private_key(key, None)
    with pytest.raises(MalformedPEM):
        read_private_key((text + text).encode())
    with pytest.raises(MalformedPEM):  # what `openssl ecparam -genkey` writes without -noout
        read_private_key((pem.encode("EC PARAMETERS", writer.oid(oids.SM2_CURVE)) + text).encode())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text.replace("END PRIVATE", "END EC PRIVATE"),
        lambda text: text.replace("-----END PRIVATE KEY-----\n", ""),
        lambda text: text.replace("-----BEGIN PRIVATE KEY-----\n", ""),
        lambda text: text.replace("MIG", "MI*"),
        lambda text: text.replace("KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nM"),
        lambda text: text.replace("PRIVATE KEY", "CERTIFICATE"),
        lambda text: text.replace("\n-----END", "AAAA\n-----END"),
        lambda text: "\x00" * 10,
        lambda text: text.replace("-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\n\n\n=\n"),
    ],
)
def test_text_that_is_not_one_clean_block_is_refused(key: sm2.PrivateKey, spoil: object) -> None:
    with pytest.raises(CryptoError):
        read_private_key(spoil(write_private_key(key, None)).encode())  # type: ignore[operator]


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(MalformedPEM):
        read_private_key(b"\xff\xfe\x00")
