"""Broken inputs of every format: refused by a typed error, or read as just what the writer would write. The long run is in bench/."""

import pytest

from idp.crypto.der import Reader, tags
from idp.crypto.errors import MalformedDER
from idp.crypto.x509.cms import attributes
from tests.unit.crypto.der_formats import Format, Verdict, formats
from tests.unit.crypto.der_mutations import Mutator, is_canonical, parse

COUNT = 400
FORMATS = ("certificate", "request", "request, signed anew", "list", "ocsp question", "ocsp answer", "pkcs8", "sec1", "encrypted key", "public key", "sm2 ciphertext", "enveloped key", "signed message", "enveloped message", "time-stamp question", "time-stamp token", "time-stamp answer", "time-stamp contents", "name")  # fmt: skip


@pytest.fixture(scope="module")
def made() -> dict[str, Format]:
    return formats()


def test_no_format_is_forgotten(made: dict[str, Format]) -> None:
    assert tuple(made) == FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_samples_are_good_and_come_back(made: dict[str, Format], name: str) -> None:
    for sample in made[name].samples:
        assert parse(sample).encode() == sample
        assert made[name].judge(sample) in (Verdict.EXACT, Verdict.PASSED_OVER)


@pytest.mark.parametrize("name", FORMATS)
def test_mutants_are_refused_or_come_back(made: dict[str, Format], name: str) -> None:
    found = [(made[name].judge(mutant), mutant.hex()) for mutant in Mutator(made[name].samples, 1).take(COUNT)]
    assert [one for one in found if one[0] in (Verdict.LOOSE, Verdict.UNTYPED)] == []
    assert sum(verdict == Verdict.REFUSED for verdict, _ in found) > COUNT / 10


def test_what_is_no_der_is_not_canonical() -> None:
    assert is_canonical(b"\x30\x03\x02\x01\x05")
    for der in (
        b"\x30\x81\x03\x02\x01\x05",
        b"\x30\x80\x02\x01\x05\x00\x00",
        b"\x30\x03\x02\x01\x05\x00",
        b"\x30\x04\x02\x01\x05",
        b"",
    ):
        assert not is_canonical(der)


def test_an_attribute_that_nobody_asks_for_is_der_all_the_same() -> None:
    """Found by mutations: the inside of a signed attribute of an unknown type was not looked at."""
    for value, good in ((b"\x30\x03\x02\x01\x05", True), (b"\x30\x04\x02\x81\x01\x05", False), (b"\x30\x03\x02\x04\x05", False)):
        encoded = attributes.encode({"1.2.156.99999.3": value})
        reader = Reader(encoded, limit=len(encoded))
        if good:
            assert list(attributes.read(reader, tags.SET)) == ["1.2.156.99999.3"]
        else:
            with pytest.raises(MalformedDER):
                attributes.read(reader, tags.SET)
