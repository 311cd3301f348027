"""An exported SM2 signature, checked without asking anybody. Whose the key is, the file does not prove: compare the key."""

import base64

from examples.relying_app.sm2_token import InvalidToken, check_signature

# SubjectPublicKeyInfo of a key on the SM2 curve, up to the point x‖y.
PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")


class InvalidEvidence(Exception):
    """The file is not a valid signature."""


def verify(exported):
    """Return the message that was signed."""
    try:
        lines = exported["public_key"].split("\n")
        if (lines[0], lines[-2:]) != ("-----BEGIN PUBLIC KEY-----", ["-----END PUBLIC KEY-----", ""]):
            raise InvalidEvidence("not a public key")
        key = base64.b64decode("".join(lines[1:-2]), validate=True)
        signature = _raw(base64.b64decode(exported["signature"], validate=True))
        if len(key) != len(PREFIX) + 64 or not key.startswith(PREFIX):
            raise InvalidEvidence("not a key on the SM2 curve")
        point = key[len(PREFIX) :]
        public = int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big")
        check_signature(public, exported["message"].encode(), signature)
    except InvalidToken as error:
        raise InvalidEvidence("the signature does not fit the message and the key") from error
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError, ValueError) as error:
        raise InvalidEvidence("malformed") from error
    return exported["message"]


def _raw(der):
    """r‖s of SEQUENCE { INTEGER r, INTEGER s }."""
    if len(der) < 8 or der[0] != 0x30 or der[1] != len(der) - 2:
        raise InvalidEvidence("not a signature")
    numbers, at = [], 2
    while at < len(der):
        tag, length = der[at], der[at + 1]
        if tag != 2 or not 0 < length <= 33 or at + 2 + length > len(der):
            raise InvalidEvidence("not a signature")
        content = der[at + 2 : at + 2 + length]
        # X.690 §8.3.2, §8.3.3: an integer has one encoding, and one that begins with a set bit is negative.
        if content[0] >= 0x80 or (length > 1 and content[0] == 0 and content[1] < 0x80):
            raise InvalidEvidence("not a signature")
        numbers.append(int.from_bytes(content, "big"))
        at += 2 + length
    if len(numbers) != 2:
        raise InvalidEvidence("not a signature")
    return b"".join(number.to_bytes(32, "big") for number in numbers)
