"""The certificates that other verifiers accept and should not. Each is made of a good one, signed anew, and refused by its error."""

from collections.abc import Callable

import pytest

from idp.crypto.curve import N
from idp.crypto.der import AlgorithmIdentifier, oids, signature_to_der, tags, writer
from idp.crypto.errors import CryptoError, InvalidKey, InvalidSignature, MalformedDER, UnsupportedAlgorithm
from idp.crypto.key_files import spki
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import (
    AlgorithmMismatch,
    DuplicateExtension,
    InvalidExtension,
    InvalidName,
    InvalidSerialNumber,
    InvalidValidity,
    SignatureRefused,
    UnsupportedVersion,
)
from idp.crypto.x509.extensions import Extension
from idp.crypto.x509.signing import SM2_WITH_SM3, signed
from tests.unit.crypto.x509.hierarchy import Hierarchy

Spoil = Callable[[list[bytes], Certificate], None]
VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, KEY, EXTENSIONS = range(8)


def parts(good: Certificate) -> list[bytes]:
    """The eight elements of a TBSCertificate."""
    tbs = good.tbs
    return [
        writer.explicit(0, writer.integer(2)),
        writer.integer(tbs.serial_number),
        tbs.signature.encode(),
        tbs.issuer.der,
        writer.sequence(writer.time(tbs.not_before), writer.time(tbs.not_after)),
        tbs.subject.der,
        spki.encode(tbs.public_key),
        writer.explicit(3, tbs.extensions.encode()),
    ]


def put(index: int, element: bytes) -> Spoil:
    def spoil(elements: list[bytes], good: Certificate) -> None:
        elements[index] = element

    return spoil


def with_extensions(*more: Extension, without: str = "", reverse: bool = False) -> Spoil:
    def spoil(elements: list[bytes], good: Certificate) -> None:
        kept = [item.encode() for item in good.extensions if item.oid != without]
        elements[EXTENSIONS] = writer.explicit(3, writer.sequence(*kept, *(item.encode() for item in more)))

    return spoil


def name_of(value: bytes, tag: int = tags.UTF8_STRING) -> bytes:
    return writer.sequence(writer.set_of([writer.sequence(writer.oid(oids.COMMON_NAME), writer.element(tag, value))]))


def alternative(*names: bytes) -> Extension:
    return Extension(oids.SUBJECT_ALT_NAME, False, writer.sequence(*names))


def longer_length(elements: list[bytes], good: Certificate) -> None:
    subject = elements[SUBJECT]
    head = 2 if subject[1] < 0x80 else 2 + (subject[1] & 0x7F)
    elements[SUBJECT] = b"\x30\x84" + (len(subject) - head).to_bytes(4, "big") + subject[head:]


P256 = AlgorithmIdentifier(oids.EC_PUBLIC_KEY, writer.oid("1.2.840.10045.3.1.7")).encode()
OFF_CURVE = bytes(63) + b"\x01"
REFUSED: dict[str, tuple[Spoil, type[CryptoError]]] = {
    "serial zero": (put(SERIAL, writer.integer(0)), InvalidSerialNumber),
    "serial negative": (put(SERIAL, writer.integer(-5)), InvalidSerialNumber),
    "serial of 21 bytes": (put(SERIAL, writer.integer(1 << 160)), InvalidSerialNumber),
    "serial of 160 bits, 21 bytes with its sign": (put(SERIAL, writer.integer(1 << 159)), InvalidSerialNumber),
    "version 1": (put(VERSION, b""), UnsupportedVersion),
    "version 1 written out": (put(VERSION, writer.explicit(0, writer.integer(0))), UnsupportedVersion),
    "version 2": (put(VERSION, writer.explicit(0, writer.integer(1))), UnsupportedVersion),
    "version 4": (put(VERSION, writer.explicit(0, writer.integer(3))), UnsupportedVersion),
    "inside and outside differ": (put(ALGORITHM, AlgorithmIdentifier(oids.SM2_WITH_SM3, writer.NULL).encode()), AlgorithmMismatch),
    "another algorithm inside": (put(ALGORITHM, AlgorithmIdentifier("1.2.840.10045.4.3.2").encode()), UnsupportedAlgorithm),
    "a P-256 key": (put(KEY, writer.sequence(P256, writer.bit_string(b"\x04" + bytes(64)))), UnsupportedAlgorithm),
    "a point off the curve": (put(KEY, writer.sequence(spki.SM2_KEY.encode(), writer.bit_string(b"\x04" + OFF_CURVE))), InvalidKey),
    "a compressed point": (put(KEY, writer.sequence(spki.SM2_KEY.encode(), writer.bit_string(b"\x02" + bytes(32)))), InvalidKey),
    "no issuer": (put(ISSUER, writer.sequence()), InvalidName),
    "neither subject nor alternative name": (
        lambda elements, good: (
            put(SUBJECT, writer.sequence())(elements, good),
            with_extensions(without=oids.SUBJECT_ALT_NAME)(elements, good),
        )[0],
        InvalidName,
    ),
    "an empty subject with an alternative name that is not critical": (put(SUBJECT, writer.sequence()), InvalidName),
    "a NUL in the subject": (put(SUBJECT, name_of(b"a\x00b")), InvalidName),
    "a direction mark in the subject": (put(SUBJECT, name_of("a\u202eb".encode())), InvalidName),
    "a zero-width space in the subject": (put(SUBJECT, name_of("a\u200bb".encode())), InvalidName),
    "a subject of spaces": (put(SUBJECT, name_of(b"  ")), InvalidName),
    "a subject that is not UTF-8": (put(SUBJECT, name_of(b"\xff")), MalformedDER),
    "a subject in a TeletexString": (put(SUBJECT, name_of(b"a", 0x14)), MalformedDER),
    "a NUL in a DNS name": (
        with_extensions(alternative(b"\x82\x05a\x00.cn"), without=oids.SUBJECT_ALT_NAME),
        InvalidName,
    ),
    "a DNS name that is an address list": (
        with_extensions(alternative(b"\x82\x03a,b"), without=oids.SUBJECT_ALT_NAME),
        InvalidName,
    ),
    "a wildcard in the middle": (with_extensions(alternative(b"\x82\x06a.*.cn"), without=oids.SUBJECT_ALT_NAME), InvalidName),
    "an address of five bytes": (with_extensions(alternative(b"\x87\x05abcde"), without=oids.SUBJECT_ALT_NAME), MalformedDER),
    "no alternative name": (with_extensions(alternative(), without=oids.SUBJECT_ALT_NAME), MalformedDER),
    "an extension twice": (
        with_extensions(Extension("1.2.3", False, b"\x05\x00"), Extension("1.2.3", False, b"\x05\x00")),
        DuplicateExtension,
    ),
    "keyCertSign without cA": (
        with_extensions(Extension(oids.KEY_USAGE, True, writer.named_bits([5])), without=oids.KEY_USAGE),
        InvalidExtension,
    ),
    "no usage bit": (with_extensions(Extension(oids.KEY_USAGE, True, b"\x03\x01\x00"), without=oids.KEY_USAGE), InvalidExtension),
    "a path length without cA": (
        with_extensions(Extension(oids.BASIC_CONSTRAINTS, True, writer.sequence(writer.integer(0)))),
        InvalidExtension,
    ),
    "cA false written out": (
        with_extensions(Extension(oids.BASIC_CONSTRAINTS, True, writer.sequence(b"\x01\x01\x00"))),
        MalformedDER,
    ),
    "bytes behind the content of an extension": (
        with_extensions(Extension(oids.KEY_USAGE, True, b"\x03\x02\x06\xc0\x00"), without=oids.KEY_USAGE),
        MalformedDER,
    ),
    "a credit code with a letter it has not": (
        with_extensions(
            Extension(oids.GM_UNIFIED_CREDIT_CODE, False, b"\x13\x12I2330000470051234X"), without=oids.GM_UNIFIED_CREDIT_CODE
        ),
        InvalidExtension,
    ),
    "it ends before it begins": (
        lambda elements, good: put(VALIDITY, writer.sequence(writer.time(good.tbs.not_after), writer.time(good.tbs.not_before)))(
            elements, good
        ),
        InvalidValidity,
    ),
    "a GeneralizedTime before 2050": (
        lambda elements, good: put(
            VALIDITY, writer.sequence(writer.generalized_time(good.tbs.not_before), writer.time(good.tbs.not_after))
        )(elements, good),
        MalformedDER,
    ),
    "a length that is not the shortest": (longer_length, MalformedDER),
    "no extensions": (put(EXTENSIONS, b""), MalformedDER),
    "a unique identifier": (lambda elements, good: elements.insert(EXTENSIONS, b"\x81\x02\x00\x01"), MalformedDER),
}


@pytest.mark.parametrize(("spoil", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(hierarchy: Hierarchy, spoil: Spoil, error: type[CryptoError]) -> None:
    elements = parts(hierarchy.leaf.certificate)
    spoil(elements, hierarchy.leaf.certificate)
    with pytest.raises(error):
        Certificate(signed(writer.sequence(*elements), hierarchy.school.signer))


def test_what_was_not_spoilt_is_the_good_one(hierarchy: Hierarchy) -> None:
    good = hierarchy.leaf.certificate
    assert writer.sequence(*parts(good)) == good.tbs_der
    Certificate(signed(good.tbs_der, hierarchy.school.signer)).check_signed_by(hierarchy.school.certificate.public_key)


def test_a_byte_behind_it_is_refused_with_its_offset(hierarchy: Hierarchy) -> None:
    good = hierarchy.leaf.certificate.der
    with pytest.raises(MalformedDER) as refused:
        Certificate(good + b"\x00")
    assert refused.value.offset == len(good)


def test_a_signature_out_of_range_is_refused(hierarchy: Hierarchy) -> None:
    good = hierarchy.leaf.certificate
    r, s = int.from_bytes(good.signature[:32], "big"), int.from_bytes(good.signature[32:], "big")
    for bad_r, bad_s in ((0, s), (r, 0), (N, s), (r, N), (r, N - r)):
        der = signature_to_der(bad_r.to_bytes(32, "big") + bad_s.to_bytes(32, "big"))
        spoilt = Certificate(writer.sequence(good.tbs_der, SM2_WITH_SM3.encode(), writer.bit_string(der)))
        with pytest.raises((SignatureRefused, InvalidSignature)):
            spoilt.check_signed_by(hierarchy.school.certificate.public_key)


def test_what_is_far_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(MalformedDER):
        Certificate(b"\x30" * ((1 << 16) + 1))
