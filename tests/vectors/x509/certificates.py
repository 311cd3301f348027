"""Certificates that must be refused, each made of a good one by one change and signed anew."""

from collections.abc import Callable
from datetime import UTC, datetime

from idp.crypto.curve import N
from idp.crypto.der import AlgorithmIdentifier, oids, signature_to_der, tags, writer
from idp.crypto.key_files import spki
from idp.crypto.x509.extensions import Extension, KeyUsage
from idp.crypto.x509.extensions import usage as bits
from tests.vectors.x509.parties import (
    ALGORITHM,
    EXTENSIONS,
    EXTRA,
    ISSUER,
    KEY,
    LEAF,
    OTHER,
    PROVINCE,
    ROOT,
    SCHOOL,
    SERIAL,
    SUBJECT,
    VALIDITY,
    VERSION,
    Party,
    assembled,
    authority,
    leaf_extensions,
    parts,
)

Spoil = Callable[[list[bytes]], None]


def _put(index: int, element: bytes) -> Spoil:
    def spoil(elements: list[bytes]) -> None:
        elements[index] = element

    return spoil


def _extensions(*more: Extension, without: str = "") -> Spoil:
    kept = [one for one in leaf_extensions() if one.oid != without]
    return _put(EXTENSIONS, writer.explicit(3, writer.sequence(*(one.encode() for one in (*kept, *more)))))


def _hosts(*hosts: bytes) -> Spoil:
    names = writer.sequence(*(writer.element(0x82, host) for host in hosts))
    return _extensions(Extension(oids.SUBJECT_ALT_NAME, False, names), without=oids.SUBJECT_ALT_NAME)


def _common_name(value: bytes, tag: int = tags.UTF8_STRING) -> Spoil:
    attribute = writer.sequence(writer.oid(oids.COMMON_NAME), writer.element(tag, value))
    return _put(SUBJECT, writer.sequence(writer.set_of([attribute])))


def _valid(begins: datetime, ends: datetime) -> Spoil:
    return _put(VALIDITY, writer.sequence(writer.time(begins), writer.time(ends)))


def _point(point: bytes) -> Spoil:
    return _put(KEY, writer.sequence(spki.SM2_KEY.encode(), writer.bit_string(point)))


def _no_name(elements: list[bytes]) -> None:
    _put(SUBJECT, writer.sequence())(elements)
    _extensions(without=oids.SUBJECT_ALT_NAME)(elements)


def _version_1(elements: list[bytes]) -> None:
    del elements[EXTENSIONS], elements[VERSION]


def _long_length(elements: list[bytes]) -> None:
    subject = elements[SUBJECT]
    assert subject[1] < 0x80
    elements[SUBJECT] = b"\x30\x81" + subject[1:]


def _day(year: int, month: int = 1) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


_x, _y = LEAF.key.point[:32], LEAF.key.point[32:]
_P256 = AlgorithmIdentifier(oids.EC_PUBLIC_KEY, writer.oid("1.2.840.10045.3.1.7")).encode()
_G256 = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
_TWICE = Extension("1.2.156.99999.1", False, writer.NULL)
SPOILT: dict[str, Spoil] = {
    "expired": _valid(_day(2026, 2), _day(2026, 8)),
    "not-yet-valid": _valid(_day(2026, 10), _day(2027, 6)),
    "ends-before-it-begins": _valid(_day(2027), _day(2026)),
    "unknown-critical-extension": _extensions(Extension("1.2.156.99999.1", True, writer.NULL)),
    "duplicate-extension": _extensions(_TWICE, _TWICE),
    "key-usage-twice": _extensions(Extension.of(KeyUsage.of(bits.KEY_ENCIPHERMENT), critical=True)),
    "point-off-the-curve": _point(b"\x04" + _x + _x),
    "point-compressed": _point(bytes((2 + (_y[-1] & 1),)) + _x),
    "point-hybrid": _point(bytes((6 + (_y[-1] & 1),)) + _x + _y),
    "p256-key": _put(KEY, writer.sequence(_P256, writer.bit_string(_G256))),
    "serial-zero": _put(SERIAL, writer.integer(0)),
    "serial-negative": _put(SERIAL, writer.integer(-5)),
    "serial-21-bytes": _put(SERIAL, writer.integer(1 << 160)),
    "nul-in-dns-name": _hosts(b"id.school.example.edu.cn\x00.evil.example"),
    "version-1": _version_1,
    "version-2": _put(VERSION, writer.explicit(0, writer.integer(1))),
    "length-not-shortest": _long_length,
    "empty-subject-without-san": _no_name,
    "key-cert-sign-without-ca": _extensions(
        Extension.of(KeyUsage.of(bits.DIGITAL_SIGNATURE, bits.KEY_CERT_SIGN), critical=True), without=oids.KEY_USAGE
    ),
    "control-character-in-name": _common_name(b"School\x1b[2J"),
    "bidi-character-in-name": _common_name("School\u202egpj.exe".encode()),
    "zero-width-space-in-name": _common_name("Sch\u200bool".encode()),
    "name-not-utf8": _common_name(b"\xe5\xad"),
    "name-in-teletex-string": _common_name(b"School", 0x14),
    # What has its right form, and must not be issued.
    "homograph-common-name": _common_name("Sсhооl".encode()),  # с and о are Cyrillic
    "homograph-whole-word": _common_name("аррӏе".encode()),  # all of it Cyrillic
    "fullwidth-common-name": _common_name("Ｓｃｈｏｏｌ".encode()),
    "wildcard-dns-name": _hosts(b"*.school.example.edu.cn"),
    "private-dns-name": _hosts(b"printer.local"),
    "leaf-outlives-issuer": _valid(_day(2026, 6), _day(2037)),
}
_good = writer.sequence(*parts())


def good() -> bytes:
    return SCHOOL.signed(_good)


def _signature(r: int, s: int) -> bytes:
    return assembled(_good, signature_to_der(r.to_bytes(32, "big") + s.to_bytes(32, "big")))


def _signatures() -> dict[str, bytes]:
    raw = SCHOOL.sign(_good)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    long_r = writer.element(tags.INTEGER, b"\x00\x00" + raw[:32])
    three = writer.sequence(writer.integer(r), writer.integer(s), writer.integer(1))
    return {
        "signature-r-zero": _signature(0, s),
        "signature-s-zero": _signature(r, 0),
        "signature-r-is-n": _signature(N, s),
        "signature-s-is-n": _signature(r, N),
        "signature-s-above-n": assembled(_good, writer.sequence(writer.integer(r), writer.integer(s + N))),
        "signature-r-plus-s-is-n": _signature(r, N - r),
        "signature-negative-r": assembled(_good, writer.sequence(writer.integer(r - (1 << 256)), writer.integer(s))),
        "signature-integer-not-shortest": assembled(_good, writer.sequence(long_r, writer.integer(s))),
        "signature-three-integers": assembled(_good, three),
    }


def _issued_by_a_leaf() -> bytes:
    elements = parts(OTHER, LEAF, leaf_extensions(LEAF, OTHER))
    return LEAF.signed(writer.sequence(*elements))


def _below(issuer: Party) -> bytes:
    return issuer.signed(writer.sequence(*parts(LEAF, issuer)))


def _homonymous() -> bytes:
    """By another key under the name of the school."""
    elements = parts(LEAF, OTHER)
    elements[ISSUER] = SCHOOL.name.der
    elements[EXTENSIONS] = parts(LEAF, SCHOOL)[EXTENSIONS]
    return OTHER.signed(writer.sequence(*elements))


def certificates() -> dict[str, list[bytes]]:
    """By name: the leaf, and what stands between it and the school where that is anything."""
    made: dict[str, list[bytes]] = {}
    for name, spoil in SPOILT.items():
        elements = parts()
        spoil(elements)
        made[name] = [SCHOOL.signed(writer.sequence(*elements))]
    made |= {name: [der] for name, der in _signatures().items()}
    null = AlgorithmIdentifier(oids.SM2_WITH_SM3, writer.NULL).encode()
    indefinite = b"\x30\x80" + writer.sequence(_good, ALGORITHM, writer.bit_string(signature_to_der(SCHOOL.sign(_good))))[4:]
    made |= {
        "id-empty": [SCHOOL.signed(_good, signer_id=b"")],
        "id-other": [SCHOOL.signed(_good, signer_id=b"ALICE123@YAHOO.COM")],
        "algorithm-inside-and-outside-differ": [SCHOOL.signed(_good, algorithm=null)],
        "trailing-byte": [good() + b"\x00"],
        "length-indefinite": [indefinite + b"\x00\x00"],
        "path-length-exceeded": [_below(EXTRA), authority(EXTRA, SCHOOL, 0)],
        "issued-by-a-leaf": [_issued_by_a_leaf(), good()],
        "issuer-of-the-same-name": [_homonymous()],
        "issuer-unknown": [_below(OTHER)],
    }
    return made


def chain() -> dict[str, bytes]:
    """The authorities."""
    return {
        "root": authority(ROOT, ROOT, None),
        "province": authority(PROVINCE, ROOT, 1),
        "school": authority(SCHOOL, PROVINCE, 0),
    }
