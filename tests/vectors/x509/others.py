"""Requests, lists, questions and key files that must be refused."""

from datetime import timedelta

from idp.crypto.curve import N
from idp.crypto.der import AlgorithmIdentifier, oids, tags, writer
from idp.crypto.key_files import pbes2, pkcs8, sec1, spki
from idp.crypto.x509.extensions import (
    AuthorityKeyIdentifier,
    BasicConstraints,
    CRLNumber,
    Extension,
    KeyUsage,
    SubjectAltName,
)
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.extensions.identifiers import key_identifier
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.ocsp import CertID
from tests.vectors.x509.parties import ALGORITHM, AT, HOST, LEAF, OTHER, SCHOOL, STANDARD_ID, Party, named

_DAY = timedelta(days=1)


# --- Requests -----------------------------------------------------------------------------------------------------------


def _request(
    *extensions: Extension,
    subject: bytes | None = None,
    key: bytes | None = None,
    attributes: bytes | None = None,
    signer: Party = LEAF,
    signer_id: bytes = STANDARD_ID,
) -> bytes:
    if attributes is None:
        wanted = writer.sequence(*(one.encode() for one in extensions))
        asked = writer.sequence(writer.oid(oids.EXTENSION_REQUEST), writer.set_of([wanted]))
        attributes = asked if extensions else b""
    info = writer.sequence(
        writer.integer(0),
        LEAF.name.der if subject is None else subject,
        spki.encode(LEAF.key) if key is None else key,
        writer.element(tags.context(0, constructed=True), attributes),
    )
    return signer.signed(info, signer_id=signer_id)


def _hosts(*hosts: str) -> Extension:
    return Extension.of(SubjectAltName(tuple(GeneralName.dns(host) for host in hosts)))


def requests() -> dict[str, bytes]:
    """By name."""
    x, y = LEAF.key.point[:32], LEAF.key.point[32:]
    compressed = writer.sequence(spki.SM2_KEY.encode(), writer.bit_string(bytes((2 + (y[-1] & 1),)) + x))
    password = writer.sequence(writer.oid("1.2.840.113549.1.9.7"), writer.set_of([writer.text(tags.UTF8_STRING, "secret")]))
    raw = writer.element(tags.UTF8_STRING, b"School\x07")
    bell = writer.sequence(writer.set_of([writer.sequence(writer.oid(oids.COMMON_NAME), raw)]))
    return {
        "good": _request(_hosts(HOST)),
        "above-16-kb": _request(Extension("1.2.156.99999.2", False, writer.octets(bytes(1 << 14)))),
        "no-proof-other-key": _request(signer=OTHER),
        "no-proof-empty-id": _request(signer_id=b""),
        "no-proof-other-id": _request(signer_id=b"ALICE123@YAHOO.COM"),
        "asks-for-ca": _request(Extension.of(BasicConstraints(True), critical=True)),
        "asks-for-key-cert-sign": _request(Extension.of(KeyUsage.of(bits.KEY_CERT_SIGN), critical=True)),
        "asks-for-crl-sign": _request(Extension.of(KeyUsage.of(bits.CRL_SIGN), critical=True)),
        "san-not-approved": _request(_hosts(HOST, "mail.other.example.edu.cn")),
        "san-wildcard": _request(_hosts("*.school.example.edu.cn")),
        "san-private-suffix": _request(_hosts("printer.local")),
        "san-without-a-dot": _request(_hosts("intranet")),
        "control-character-in-name": _request(subject=bell),
        "homograph-common-name": _request(subject=named("Sсhооl").der),
        "homograph-whole-word": _request(subject=named("аррӏе").der),
        "fullwidth-common-name": _request(subject=named("Ｓｃｈｏｏｌ").der),
        "citizen-number-in-name": _request(subject=named("11010519491231002X").der),
        "citizen-number-extension": _request(Extension(oids.GM_IDENTITY_CARD, False, b"\x13\x01x")),
        "challenge-password": _request(attributes=password),
        "point-compressed": _request(key=compressed),
    }


# --- Lists of revoked certificates --------------------------------------------------------------------------------------

_KEY = Extension.of(AuthorityKeyIdentifier(key_identifier(SCHOOL.key)))


def _number(value: int) -> Extension:
    return Extension.of(CRLNumber(value))


def _list(*extensions: Extension, entries: bytes = b"", version: bytes | None = None, until: bytes | None = None) -> bytes:
    held = writer.explicit(0, writer.sequence(*(one.encode() for one in extensions))) if extensions else b""
    return SCHOOL.signed(
        writer.sequence(
            writer.integer(1) if version is None else version,
            ALGORITHM,
            SCHOOL.name.der,
            writer.time(AT - _DAY),
            writer.time(AT + 6 * _DAY) if until is None else until,
            entries,
            held,
        )
    )


def _entry(serial: int, days: int, *extensions: Extension) -> bytes:
    held = writer.sequence(*(one.encode() for one in extensions)) if extensions else b""
    return writer.sequence(writer.integer(serial), writer.time(AT + days * _DAY), held)


def lists() -> dict[str, bytes]:
    """By name."""
    issuer = writer.sequence(GeneralName.directory(OTHER.name).encode())
    delta = Extension("2.5.29.27", True, writer.integer(6))
    foreign = Extension("2.5.29.29", True, issuer)
    twice = writer.sequence(_entry(5, -3), _entry(5, -2))
    return {
        "number-7": _list(_KEY, _number(7), entries=writer.sequence(_entry(5, -3))),
        "number-6-after-7": _list(_KEY, _number(6)),
        "without-number": _list(_KEY),
        "without-key-identifier": _list(_number(7)),
        "without-extensions": _list(),
        "version-1": _list(version=b""),
        "without-next-update": _list(_KEY, _number(7), until=b""),
        "number-negative": _list(_KEY, Extension(oids.CRL_NUMBER, False, writer.integer(-1))),
        "number-of-21-bytes": _list(_KEY, Extension(oids.CRL_NUMBER, False, writer.integer(1 << 160))),
        "revoked-in-the-future": _list(_KEY, _number(7), entries=writer.sequence(_entry(5, 30))),
        "certificate-twice": _list(_KEY, _number(7), entries=twice),
        "empty-list-written-out": _list(_KEY, _number(7), entries=writer.sequence()),
        "serial-negative": _list(_KEY, _number(7), entries=writer.sequence(_entry(-5, -3))),
        "delta": _list(_KEY, _number(7), delta),
        "indirect-entry": _list(_KEY, _number(7), entries=writer.sequence(_entry(5, -3, foreign))),
        "algorithm-inside-and-outside-differ": _other_algorithm(),
    }


def _other_algorithm() -> bytes:
    content = writer.sequence(
        writer.integer(1),
        ALGORITHM,
        SCHOOL.name.der,
        writer.time(AT - _DAY),
        writer.time(AT + 6 * _DAY),
        writer.explicit(0, writer.sequence(_KEY.encode(), _number(7).encode())),
    )
    return SCHOOL.signed(content, algorithm=AlgorithmIdentifier(oids.SM2_WITH_SM3, writer.NULL).encode())


# --- Questions of OCSP --------------------------------------------------------------------------------------------------


def _question(count: int, nonce: bytes | None = None) -> bytes:
    asked = [writer.sequence(CertID.of(SCHOOL.name, SCHOOL.key, serial + 1, oids.SM3).encode()) for serial in range(count)]
    more = b""
    if nonce is not None:
        one = Extension(oids.OCSP_NONCE, False, writer.octets(nonce))
        more = writer.explicit(2, writer.sequence(one.encode()))
    return writer.sequence(writer.sequence(writer.sequence(*asked), more))


def questions() -> dict[str, bytes]:
    """By name."""
    return {
        "32-certificates": _question(32),
        "33-certificates": _question(33),
        "above-8-kb": _question(100),
        "no-certificate": _question(0),
        "nonce-empty": _question(1, b""),
        "nonce-of-129-bytes": _question(1, bytes(129)),
        "trailing-byte": _question(1) + b"\x00",
    }


# --- Key files ----------------------------------------------------------------------------------------------------------


Block = tuple[str, bytes]


def _pkcs8(scalar: int, point: bytes = b"") -> Block:
    public = writer.explicit(1, writer.bit_string(point)) if point else b""
    inner = writer.sequence(writer.integer(1), writer.octets(scalar.to_bytes(32, "big")), public)
    return pkcs8.PEM_LABEL, writer.sequence(writer.integer(0), spki.SM2_KEY.encode(), writer.octets(inner))


def _encrypted(iterations: int) -> Block:
    profile = pbes2.PBES2_PROFILES["sm4-hmac-sm3"]
    return pbes2.PEM_LABEL, pbes2.EncryptedKey(profile, bytes(16), iterations, False, bytes(16), bytes(160)).encode()


def key_files() -> dict[str, list[Block]]:
    """By name: the blocks of a PEM file. The keys are numbers that everybody knows."""
    d, point = LEAF.scalar, LEAF.key.point
    x, y = point[:32], point[32:]
    unnamed = writer.sequence(writer.integer(1), writer.octets(d.to_bytes(32, "big")))
    return {
        "good": [_pkcs8(d, b"\x04" + point)],
        "d-zero": [_pkcs8(0)],
        "d-is-n-minus-1": [_pkcs8(N - 1)],
        "d-is-n": [_pkcs8(N)],
        "public-is-not-d-times-g": [_pkcs8(d, b"\x04" + OTHER.key.point)],
        "public-off-the-curve": [_pkcs8(d, b"\x04" + x + x)],
        "public-compressed": [_pkcs8(d, bytes((2 + (y[-1] & 1),)) + x)],
        "public-hybrid": [_pkcs8(d, bytes((6 + (y[-1] & 1),)) + x + y)],
        "curve-not-named": [(sec1.PEM_LABEL, unnamed)],
        "two-blocks": [_pkcs8(d), _pkcs8(d)],
        "parameters-before-the-key": [("EC PARAMETERS", writer.oid(oids.SM2_CURVE)), _pkcs8(d)],
        "iterations-9999": [_encrypted(9_999)],
        "iterations-10000001": [_encrypted(10_000_001)],
    }
