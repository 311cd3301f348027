"""What is kept in memory decides nothing: the same bytes are refused the second time as the first, and there is an end to it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.crypto.der import Reader
from idp.crypto.errors import MalformedDER
from idp.crypto.x509.certificate import VERIFIED, Certificate
from idp.crypto.x509.errors import Expired, InvalidExtension, SignatureRefused
from idp.crypto.x509.extensions import BasicConstraints, Extensions
from idp.crypto.x509.kept import Kept
from idp.crypto.x509.name import Name
from idp.crypto.x509.path import PathRules, validate_path
from tests.unit.crypto.x509.hierarchy import LEAF, NOW, authority, leaf

RULES = PathRules(at=NOW)


def test_there_is_room_for_so_many_small_ones_and_the_oldest_goes_first() -> None:
    kept: Kept[int] = Kept(2, longest=3)
    for number, key in enumerate((b"a", b"b", b"c", b"long")):
        kept.keep(key, number, len(key))
    assert [kept.get(key) for key in (b"a", b"b", b"c", b"long")] == [None, 1, 2, None]


def test_a_name_that_was_read_once_is_the_same_name() -> None:
    der = Name.of(("C", "CN"), ("O", "第一中学")).der
    first = Name.read(Reader(der, limit=100))
    again = Reader(b"\x30\x00" + der, limit=100, start=2)
    assert Name.read(again) is first
    again.finish()


def test_what_is_malformed_is_refused_each_time_at_its_byte() -> None:
    der = bytearray(Extensions.of((BasicConstraints(True, 0), True)).encode())
    der[-1] = 0x41  # a path length above the most there may be
    for _ in range(2):
        with pytest.raises(MalformedDER) as refused:
            Extensions.read(Reader(bytes(der), limit=100))
        assert refused.value.offset == len(der) - 3


def test_an_extension_is_read_by_what_it_means_where_it_stands() -> None:
    der = Extensions.of((BasicConstraints(True), True)).encode()
    known = Extensions.read(Reader(der, limit=100))
    unknown = Extensions.read(Reader(der, limit=100), {})
    assert known.get(BasicConstraints) == BasicConstraints(True)
    assert unknown.get(BasicConstraints) is None
    assert unknown.unknown_critical() == BasicConstraints.oid


def test_a_signature_that_was_verified_counts_under_its_key_and_for_its_bytes_only() -> None:
    root, other = authority("根", None, None), authority("根", None, None)
    below = leaf(root, *LEAF).certificate
    below.check_signed_by(root.certificate.public_key)
    assert VERIFIED.get((root.certificate.public_key.point, below.der))
    with pytest.raises(SignatureRefused):
        below.check_signed_by(other.certificate.public_key)
    changed = bytearray(below.der)
    changed[-1] ^= 1
    with pytest.raises(SignatureRefused):
        Certificate(bytes(changed)).check_signed_by(root.certificate.public_key)


def test_a_path_that_was_verified_expires_all_the_same() -> None:
    root = authority("根", None, None)
    below = leaf(root, *LEAF).certificate
    validate_path([below], root.certificate, RULES)
    with pytest.raises(Expired):
        validate_path([below], root.certificate, replace(RULES, at=below.tbs.not_after + timedelta(seconds=1)))


def test_what_we_would_not_read_is_not_signed() -> None:
    with pytest.raises(InvalidExtension):
        authority("x", authority("根", None, None), 0, (BasicConstraints(False, 3), True))
