"""SubjectPublicKeyInfo: one encoding a key."""

import subprocess

import pytest

from idp.crypto import sm2
from idp.crypto.der import AlgorithmIdentifier, oids, writer
from idp.crypto.errors import InvalidKey, MalformedDER, UnsupportedAlgorithm
from idp.crypto.key_files import read_public_key, spki, write_private_key, write_public_key

KEY = sm2.PrivateKey.generate()


def test_openssl_writes_the_same_bytes() -> None:
    pem = write_private_key(KEY, None).encode()
    theirs = subprocess.run(["openssl", "pkey", "-pubout"], input=pem, check=True, capture_output=True).stdout
    assert theirs.decode() == write_public_key(KEY.public_key)
    assert read_public_key(theirs) == KEY.public_key


def test_der_is_read_as_well_as_pem() -> None:
    assert read_public_key(spki.encode(KEY.public_key)) == KEY.public_key


def test_a_byte_behind_it_is_refused() -> None:
    with pytest.raises(MalformedDER):
        read_public_key(spki.encode(KEY.public_key) + b"\x00")


def test_another_curve_is_refused() -> None:
    p256 = AlgorithmIdentifier(oids.EC_PUBLIC_KEY, writer.oid("1.2.840.10045.3.1.7")).encode()
    with pytest.raises(UnsupportedAlgorithm):
        read_public_key(writer.sequence(p256, writer.bit_string(b"\x04" + KEY.public_key.point)))


def test_the_curve_by_its_parameters_instead_of_its_name_is_refused() -> None:
    explicit = AlgorithmIdentifier(oids.EC_PUBLIC_KEY, writer.sequence(writer.integer(1))).encode()
    with pytest.raises(UnsupportedAlgorithm):
        read_public_key(writer.sequence(explicit, writer.bit_string(b"\x04" + KEY.public_key.point)))


@pytest.mark.parametrize(
    "point",
    [
        b"\x02" + KEY.public_key.point[:32],
        b"\x06" + KEY.public_key.point,
        b"\x04" + KEY.public_key.point[:-1],
        b"\x04" + KEY.public_key.point[:-1] + bytes((KEY.public_key.point[-1] ^ 1,)),
        b"\x00",
        b"",
    ],
    ids=["compressed", "hybrid", "short", "off the curve", "infinity", "empty"],
)
def test_a_point_that_is_not_one_of_the_curve_uncompressed_is_refused(point: bytes) -> None:
    with pytest.raises(InvalidKey):
        read_public_key(writer.sequence(spki.SM2_KEY.encode(), writer.bit_string(point)))
