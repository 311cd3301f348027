"""Verify an ID token signed with SGD_SM3_SM2, with nothing but the standard library. Copy this file into your app.

    claims = verify(id_token, keys, issuer="https://id.example.edu.cn", client_id="…", nonce="…")

``keys`` is the ``keys`` member of the provider's key set. Raises :class:`InvalidToken`; what it returns has been checked:
signature, issuer, audience, expiry and nonce. The curve and the algorithms are those of GB/T 32918 and GB/T 32905.
"""

import base64
import json
import time

P = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
N = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
A, B = P - 3, 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
G = (
    0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7,
    0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0,
)


class InvalidToken(Exception):
    """The token is not a genuine, current token of this issuer for this app."""


def verify(token, keys, *, issuer, client_id, nonce, leeway=60):
    """Return the token's claims."""
    try:
        head, body, signature = token.split(".")
        header, claims, raw = json.loads(_decode(head)), json.loads(_decode(body)), _decode(signature)
        if header.get("alg") != "SGD_SM3_SM2" or "crit" in header:
            raise InvalidToken("not signed with SGD_SM3_SM2")
        key = next((k for k in keys if k.get("kid") == header.get("kid") and k.get("crv") == "SM2"), None)
        if key is None:
            raise InvalidToken("signed with an unknown key: fetch the key set again, once")
        point = (_number(_decode(key["x"])), _number(_decode(key["y"])))
        check_signature(point, f"{head}.{body}".encode("ascii"), raw)
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        now = time.time()
        for holds, reason in (
            (claims["iss"] == issuer, "another issuer"),
            (audience == [client_id], "for another app"),
            (now - leeway < claims["exp"], "expired"),
            (claims["iat"] < now + leeway, "from the future"),
            (claims.get("nonce") == nonce, "not the answer to this sign-in"),
        ):
            if not holds:
                raise InvalidToken(reason)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidToken("malformed") from error
    return claims


def check_signature(public, message, signature):
    """Raise :class:`InvalidToken` unless r‖s is an SM2 signature over the bytes by the key (x, y)."""
    r, s = _number(signature[:32]), _number(signature[32:])
    on_curve = max(public) < P and (public[1] ** 2 - public[0] ** 3 - A * public[0] - B) % P == 0
    t = (r + s) % N
    if len(signature) != 64 or not on_curve or not 0 < r < N or not 0 < s < N or t == 0:
        raise InvalidToken("malformed signature or key")
    identity = b"1234567812345678"  # GM/T 0009-2012 §10: the default signer identity
    z = sm3(b"\x00\x80" + identity + b"".join(v.to_bytes(32, "big") for v in (A, B, *G, *public)))
    point = _add(_times(s, G), _times(t, public))
    if point is None or (_number(sm3(z + message)) + point[0]) % N != r:
        raise InvalidToken("the signature does not match")


def _add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0] and (p[1] + q[1]) % P == 0:
        return None
    slope = (3 * p[0] ** 2 + A) * pow(2 * p[1], -1, P) if p == q else (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope**2 - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def _times(k, point):
    result = None
    while k:
        result, point, k = _add(result, point) if k & 1 else result, _add(point, point), k >> 1
    return result


def sm3(data):
    """SM3 (GB/T 32905-2016) of ``data``: 32 bytes."""
    rot, mask = lambda x, n: (x << n % 32 | x >> 32 - n % 32) & 0xFFFFFFFF, 0xFFFFFFFF
    v = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    data += b"\x80" + bytes(-(len(data) + 9) % 64) + (8 * len(data)).to_bytes(8, "big")
    for start in range(0, len(data), 64):
        w = [_number(data[i : i + 4]) for i in range(start, start + 64, 4)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ rot(w[j - 3], 15)
            w.append(x ^ rot(x, 15) ^ rot(x, 23) ^ rot(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = v
        for j in range(64):
            ss1 = rot((rot(a, 12) + e + rot(0x79CC4519 if j < 16 else 0x7A879D8A, j)) & mask, 7)
            ff, gg = (a ^ b ^ c, e ^ f ^ g) if j < 16 else (a & b | a & c | b & c, e & f | ~e & g)
            tt1, tt2 = (ff + d + (ss1 ^ rot(a, 12)) + (w[j] ^ w[j + 4])) & mask, (gg + h + ss1 + w[j]) & mask
            a, b, c, d, e, f, g, h = tt1, a, rot(b, 9), c, tt2 ^ rot(tt2, 9) ^ rot(tt2, 17), e, rot(f, 19), g
        v = [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h), strict=True)]
    return b"".join(x.to_bytes(4, "big") for x in v)


def _number(data):
    return int.from_bytes(data, "big")


def _decode(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != text:
        raise ValueError("not canonical base64url")
    return data
