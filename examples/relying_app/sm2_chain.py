"""Mutual recognition (互认): verify the tokens of every school below a root that you trust, with nothing but the standard library.
Copy this file and ``sm2_token.py`` into your app.

    claims = verify(id_token, keys, root=ministry_pem, client_id="…", nonce="…")

``keys`` is the ``keys`` member of the key set of the issuer; it may come from anywhere, because each key brings the certificates
that lead to the root (``x5c``, RFC 7517 §4.7). ``lists`` are the lists of revoked certificates of every authority on the way, the
root's among them, DER; without any, revocation is not checked. A person is known by ``iss`` and ``sub`` together. Raises
:class:`InvalidToken`. The rules are those of RFC 5280 §6.1; what they leave to choose is refused.
"""

import base64
import json
from datetime import UTC, datetime
from itertools import pairwise

from examples.relying_app import sm2_token
from examples.relying_app.sm2_token import InvalidToken, check_signature

SM2_WITH_SM3 = [bytes.fromhex("300a06082a811ccf55018375"), bytes.fromhex("300c06082a811ccf550183750500")]
# SubjectPublicKeyInfo of a key on the SM2 curve, up to the point x‖y.
SM2_KEY = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
KEY_USAGE, ALTERNATIVE_NAME, CONSTRAINTS, PURPOSES = (bytes([0x55, 0x1D, last]) for last in (15, 17, 19, 37))
JWT = bytes.fromhex("2b06010505070325")  # RFC 9509 §3: the purpose of a key that signs tokens
DIGITAL_SIGNATURE, KEY_CERT_SIGN = 0, 5
MAX_CERTIFICATES, MAX_BYTES = 6, 8192


def verify(token, keys, *, root, client_id, nonce, lists=(), leeway=60):
    """Return the token's claims. Whose it is stands in them: ``iss`` is proven by the certificate of the key."""
    try:
        head, body = token.split(".")[:2]
        kid, issuer = json.loads(sm2_token._decode(head))["kid"], json.loads(sm2_token._decode(body))["iss"]
        key = next(key for key in keys if key.get("kid") == kid)
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise InvalidToken("malformed, or signed with an unknown key") from error
    check_key(key, issuer, root=root, lists=lists)
    return sm2_token.verify(token, [key], issuer=issuer, client_id=client_id, nonce=nonce, leeway=leeway)


def check_key(key, issuer, *, root, lists=(), now=None):
    """Raise :class:`InvalidToken` unless the key's certificates lead to ``root`` (PEM) and are about the key and the issuer."""
    now = now or datetime.now(UTC)
    try:
        given = key["x5c"]
        _check(isinstance(given, list) and 0 < len(given) <= MAX_CERTIFICATES, "too many certificates, or none")
        path = [_Certificate(base64.b64decode(one, validate=True)) for one in given]
        anchor = _Certificate(base64.b64decode("".join(root.split("-----")[2].split()), validate=True))
        crls = [_RevocationList(der) for der in lists]
        if path[-1].der == anchor.der:  # RFC 7517 §4.7 lets it stand there; what counts is ours
            path.pop()
        _check_path([*path, anchor], now, crls)
        leaf = path[0]
        _check(not leaf.is_authority and DIGITAL_SIGNATURE in leaf.usage, "the certificate is not for signing")
        _check(JWT in leaf.purposes, "the certificate is not for tokens")
        _check(leaf.uris == [issuer], "the certificate is of another issuer")
        point = base64.urlsafe_b64decode(key["x"] + "=") + base64.urlsafe_b64decode(key["y"] + "=")
        _check(point == leaf.point, "the certificate is of another key")
    except (ValueError, OverflowError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise InvalidToken("malformed certificates") from error


def _check_path(path, now, lists):
    for depth, (certificate, above) in enumerate(pairwise(path)):
        _check(certificate.issuer == above.subject, "the certificates do not lead to the root")
        check_signature(above.public, certificate.signed, certificate.signature)
        _check(above.is_authority and KEY_CERT_SIGN in above.usage, "certified by what is no authority")
        _check(above.path_length is None or above.path_length >= depth, "more authorities than allowed")
        _check(not certificate.unknown | above.unknown, "a critical extension that is not understood")
        _check(not lists or any(one.clears(certificate, above, now) for one in lists), "no current list of its issuer")
    for certificate in path:
        _check(certificate.begins <= now <= certificate.ends, "a certificate has expired, or is not valid yet")
    _check(len(path) > 1, "nothing but the root")


class _Signed:
    """What certificates and lists have in common: SEQUENCE { contents, algorithm, signature }."""

    def __init__(self, der):
        _check(len(der) <= self.limit, "too long")
        self.der = der
        (contents, algorithm, signature) = _children(_only(der, 0x30))
        _check(contents[0] == 0x30 and algorithm[2] in SM2_WITH_SM3 and signature[0] == 3, "not signed with SM2")
        numbers = _children(_only(signature[1][1:], 0x30))
        _check(signature[1][0] == 0 and [tag for tag, _, _ in numbers] == [2, 2], "malformed signature")
        self.signature = b"".join(_positive(number).to_bytes(32, "big") for _, number, _ in numbers)
        self.signed, self.algorithm, self.fields = contents[2], algorithm[2], _children(contents[1])


class _Certificate(_Signed):
    limit = MAX_BYTES

    def __init__(self, der):
        super().__init__(der)
        version, serial, algorithm, issuer, validity, subject, key, *rest = self.fields
        _check(version[2] == b"\xa0\x03\x02\x01\x02" and algorithm[2] == self.algorithm, "not X.509 version 3")
        _check(
            [tag for tag, _, _ in rest] == [0xA3] and key[2].startswith(SM2_KEY) and len(key[2]) == len(SM2_KEY) + 64, "no SM2 key"
        )
        self.serial, self.issuer, self.subject = _positive(serial[1]), issuer[2], subject[2]
        self.begins, self.ends = map(_time, _children(validity[1]))
        self.point = key[2][-64:]
        self.public = int.from_bytes(self.point[:32], "big"), int.from_bytes(self.point[32:], "big")
        values, critical = _extensions(_only(rest[0][1], 0x30))
        self.unknown = critical - {KEY_USAGE, ALTERNATIVE_NAME, CONSTRAINTS, PURPOSES}
        bits = _only(values[KEY_USAGE], 3)
        self.usage = {i for i in range(8 * len(bits) - 8) if bits[1 + i // 8] & 0x80 >> i % 8}
        self.purposes = [value for _, value, _ in _children(_only(values[PURPOSES], 0x30))] if PURPOSES in values else []
        names = _children(_only(values[ALTERNATIVE_NAME], 0x30)) if ALTERNATIVE_NAME in values else []
        self.uris = [value.decode("ascii") if tag == 0x86 else None for tag, value, _ in names]
        constraints = _children(_only(values[CONSTRAINTS], 0x30)) if CONSTRAINTS in values else []
        self.is_authority = bool(constraints) and constraints[0][2] == b"\x01\x01\xff"
        self.path_length = _positive(constraints[1][1]) if len(constraints) > 1 else None


class _RevocationList(_Signed):
    limit = 1 << 24

    def __init__(self, der):
        super().__init__(der)
        fields = self.fields
        _check(
            fields[0][2] == b"\x02\x01\x01" and fields[1][2] == self.algorithm and fields[-1][0] == 0xA0, "not a list of version 2"
        )
        self.issuer, self.begins, self.ends = fields[2][2], _time(fields[3]), _time(fields[4])
        # A list of some certificates or of some reasons says so in a critical extension: only whole ones are taken.
        _check(not _extensions(_only(fields[-1][1], 0x30))[1], "not a list of all certificates")
        entries = _children(fields[5][1]) if len(fields) == 7 else []
        self.revoked = {_positive(_children(entry)[0][1]) for _, entry, _ in entries}

    def clears(self, certificate, above, now):
        """Whether the list is the issuer's and current. Raises for a certificate that stands in it."""
        if self.issuer != above.subject or not self.begins <= now <= self.ends:
            return False
        check_signature(above.public, self.signed, self.signature)
        _check(certificate.serial not in self.revoked, "a certificate was revoked")
        return True


def _extensions(content):
    """The values by their identifiers, and which are critical (RFC 5280 §4.2): none twice."""
    values, critical = {}, set()
    for _, extension, _ in _children(content):
        name, *flag, value = _children(extension)
        _check(name[1] not in values and value[0] == 4 and len(flag) < 2, "malformed extension")
        values[name[1]] = value[1]
        if flag:
            _check(flag[0][2] == b"\x01\x01\xff", "malformed extension")
            critical.add(name[1])
    return values, critical


def _time(field):
    # RFC 5280 §4.1.2.5: UTCTime through 2049, with seconds, in UTC.
    tag, value, _ = field
    text = value.decode("ascii")
    if tag == 0x17:
        text = ("19" if text[:2] >= "50" else "20") + text
    _check(tag in (0x17, 0x18) and len(text) == 15 and text[:14].isdecimal() and text[14] == "Z", "malformed time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _positive(content):
    # X.690 §8.3.2: the shortest form; RFC 5280 §4.1.2.2: not negative.
    _check(content and content[0] < 0x80 and not (len(content) > 1 and content[0] == 0 and content[1] < 0x80), "malformed number")
    return int.from_bytes(content, "big")


def _only(data, tag):
    """The content of the one element that ``data`` is."""
    elements = _children(data)
    _check(len(elements) == 1 and elements[0][0] == tag, "malformed DER")
    return elements[0][1]


def _children(data):
    """The elements in ``data``: tag, content, and all of it. Only what DER allows (X.690 §10.1)."""
    found, at = [], 0
    while at < len(data):
        tag, length, start = data[at], data[at + 1], at + 2
        if length >= 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[start : start + size], "big")
            _check(0 < size <= 4 and data[start] and length >= 0x80, "malformed DER")
            start += size
        _check(start + length <= len(data) and tag & 0x1F != 0x1F, "malformed DER")
        found.append((tag, data[start : start + length], data[at : start + length]))
        at = start + length
    return found


def _check(holds, reason):
    if not holds:
        raise InvalidToken(reason)
