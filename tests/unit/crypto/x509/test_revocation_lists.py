"""RFC 5280 §5: lists are read only in their one form, and say what they may say."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from idp.crypto.der import oids, signature_to_der, writer
from idp.crypto.errors import CryptoError
from idp.crypto.x509.crl import RevocationList, RevocationListContents, RevokedCertificate, sign_revocation_list
from idp.crypto.x509.errors import (
    AlgorithmMismatch,
    DuplicateExtension,
    InvalidExtension,
    InvalidRevocationList,
    InvalidSerialNumber,
    SignatureRefused,
    UnsupportedVersion,
)
from idp.crypto.x509.extensions import Extension, IssuingDistributionPoint
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.signing import SM2_WITH_SM3
from tests.unit.crypto.x509.hierarchy import CRL_URI, NOW, Hierarchy
from tests.unit.crypto.x509.revocations import YESTERDAY, careless_list, contents, entry, revocation_list

SHARD = IssuingDistributionPoint((GeneralName.uri(CRL_URI),))
DELTA_INDICATOR = Extension("2.5.29.27", True, writer.integer(3))


def test_what_is_written_is_read(hierarchy: Hierarchy) -> None:
    since = RevokedCertificate(99, YESTERDAY, Reason.KEY_COMPROMISE, YESTERDAY - timedelta(days=3))
    found = revocation_list(
        hierarchy.school, entry(hierarchy.leaf.certificate), since, RevokedCertificate(5, YESTERDAY), part=SHARD
    )
    assert found.contents.number == 7
    assert found.contents.part == SHARD
    assert found.entry(99) == since
    assert found.entry(hierarchy.leaf.certificate.serial_number) == entry(hierarchy.leaf.certificate)
    assert found.entry(4) is None
    assert found.contents.encode() == found.tbs_der
    assert RevocationList.from_pem(found.to_pem()).der == found.der
    found.check_signed_by(hierarchy.school.certificate)


def test_only_its_issuer_signed_it(hierarchy: Hierarchy) -> None:
    found = revocation_list(hierarchy.school)
    for other in (hierarchy.province, hierarchy.leaf):
        with pytest.raises(SignatureRefused):
            found.check_signed_by(other.certificate)


def test_another_than_the_issuer_cannot_sign(hierarchy: Hierarchy) -> None:
    with pytest.raises(InvalidRevocationList):
        sign_revocation_list(contents(hierarchy.school), hierarchy.province.signer, hierarchy.school.certificate)
    with pytest.raises(InvalidRevocationList):
        sign_revocation_list(contents(hierarchy.school), hierarchy.province.signer, hierarchy.province.certificate)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"next_update": NOW}, InvalidRevocationList),
        ({"entries": (RevokedCertificate(5, YESTERDAY), RevokedCertificate(5, NOW))}, InvalidRevocationList),
        ({"entries": (RevokedCertificate(5, NOW + timedelta(seconds=1)),)}, InvalidRevocationList),
        ({"entries": (RevokedCertificate(5, NOW, Reason.REMOVE_FROM_CRL),)}, InvalidRevocationList),
        ({"entries": (RevokedCertificate(-5, NOW),)}, InvalidSerialNumber),
        ({"entries": (RevokedCertificate(1 << 160, NOW),)}, InvalidSerialNumber),
    ],
)
def test_what_may_not_be_said_is_not_written(hierarchy: Hierarchy, changes: dict[str, object], error: type[CryptoError]) -> None:
    with pytest.raises(error):
        replace(contents(hierarchy.school), **changes).encode()  # type: ignore[arg-type]


def _assembled(
    issued: RevocationListContents, extensions: list[Extension], *, version: int = 1, body: bytes | None = None
) -> bytes:
    entries = writer.sequence(*(one.encode() for one in issued.entries)) if issued.entries else b""
    return writer.sequence(
        writer.integer(version),
        SM2_WITH_SM3.encode(),
        issued.issuer.der,
        writer.time(issued.this_update),
        writer.time(issued.next_update),
        entries if body is None else body,
        writer.explicit(0, writer.sequence(*(one.encode() for one in extensions))) if extensions else b"",
    )


def test_what_a_careless_authority_signs_is_refused(hierarchy: Hierarchy) -> None:
    issued = contents(hierarchy.school, (entry(hierarchy.leaf.certificate),))
    key, number = issued.extensions
    part = Extension.of(SHARD)
    negative = Extension(oids.CRL_NUMBER, False, writer.integer(-1))
    indirect = Extension(oids.ISSUING_DISTRIBUTION_POINT, True, writer.sequence(b"\x84\x01\xff"))
    nothing = Extension(oids.ISSUING_DISTRIBUTION_POINT, True, writer.sequence())
    cases: list[tuple[list[Extension], type[CryptoError]]] = [
        ([], InvalidRevocationList),
        ([key], InvalidRevocationList),
        ([number], InvalidRevocationList),
        ([key, number, number], DuplicateExtension),
        ([key, negative], InvalidExtension),
        ([key, number, part], InvalidRevocationList),  # not critical
        ([key, number, DELTA_INDICATOR], InvalidRevocationList),
        ([key, number, nothing], InvalidExtension),
        ([key, number, indirect], CryptoError),
    ]
    for extensions, error in cases:
        with pytest.raises(error):
            RevocationList(careless_list(hierarchy.school, _assembled(issued, extensions)))
    with pytest.raises(UnsupportedVersion):
        RevocationList(careless_list(hierarchy.school, _assembled(issued, [key, number], version=0)))
    with pytest.raises(CryptoError):  # an empty list where none is due
        RevocationList(careless_list(hierarchy.school, _assembled(issued, [key, number], body=writer.sequence())))


def test_an_entry_with_a_critical_extension_makes_the_list_useless(hierarchy: Hierarchy) -> None:
    issued = contents(hierarchy.school)
    issuer = Extension("2.5.29.29", True, writer.sequence(GeneralName.directory(issued.issuer).encode()))
    body = writer.sequence(writer.sequence(writer.integer(5), writer.time(NOW), writer.sequence(issuer.encode())))
    with pytest.raises(InvalidRevocationList):
        RevocationList(careless_list(hierarchy.school, _assembled(issued, list(issued.extensions), body=body)))


def test_algorithms_that_differ_are_refused(hierarchy: Hierarchy) -> None:
    issued = revocation_list(hierarchy.school)
    outer = writer.sequence(writer.oid(oids.SM2_WITH_SM3), writer.NULL)
    with pytest.raises(AlgorithmMismatch):
        RevocationList(writer.sequence(issued.tbs_der, outer, writer.bit_string(signature_to_der(issued.signature))))


def test_mutations_are_refused_or_lose_their_signature(hierarchy: Hierarchy) -> None:
    source = random.Random(5280)
    original = revocation_list(hierarchy.school, entry(hierarchy.leaf.certificate), part=SHARD)
    refused = 0
    for _ in range(1500):
        mutant = bytearray(original.der)
        for _ in range(source.randrange(1, 3)):
            mutant[source.randrange(len(mutant))] = source.randrange(256)
        if bytes(mutant) == original.der:
            continue
        try:
            found = RevocationList(bytes(mutant))
            found.contents.encode()
            found.check_signed_by(hierarchy.school.certificate)
        except CryptoError:
            refused += 1
            continue
        pytest.fail(mutant.hex())
    assert refused > 1400
