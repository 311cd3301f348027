"""Mutations of a token's text: what an attacker, a proxy or a bad copy may do to it."""

import random
from collections.abc import Callable, Iterator

from idp.crypto import base64url

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
HEADERS = (
    b'{"alg":"none"}',
    b'{"alg":"HS256"}',
    b'{"alg":"SGD_SM3_HMAC"}',
    b'{"alg":"RS256","alg":"SGD_SM3_SM2"}',
    b'{"alg":["SGD_SM3_SM2"]}',
    b'{"alg":null}',
    b"[]",
    b"{",
    b"\xff\xfe",
)

Mutation = Callable[[random.Random, str], str]


def _replace_character(source: random.Random, token: str) -> str:
    at = source.randrange(len(token))
    return token[:at] + source.choice(ALPHABET + ".=+/ \n\x00中") + token[at + 1 :]


def _drop(source: random.Random, token: str) -> str:
    at = source.randrange(len(token))
    return token[:at] + token[at + source.randrange(1, 8) :]


def _insert(source: random.Random, token: str) -> str:
    at = source.randrange(len(token) + 1)
    return token[:at] + "".join(source.choice(ALPHABET + ".=") for _ in range(source.randrange(1, 5))) + token[at:]


def _swap_parts(source: random.Random, token: str) -> str:
    parts = token.split(".")
    source.shuffle(parts)
    return ".".join(parts)


def _flip_bit(source: random.Random, token: str) -> str:
    parts = token.split(".")
    number = source.randrange(3)
    data = bytearray(base64url.decode(parts[number]))
    data[source.randrange(len(data))] ^= 1 << source.randrange(8)
    return ".".join((*parts[:number], base64url.encode(bytes(data)), *parts[number + 1 :]))


def _pad_bits(_source: random.Random, token: str) -> str:
    """Another last character whose surplus bits alone differ, where the length leaves any."""
    last = ALPHABET.index(token[-1])
    return token[:-1] + ALPHABET[last ^ 1]


def _lengthen_signature(source: random.Random, token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body}.{base64url.encode(base64url.decode(signature) + source.randbytes(source.randrange(1, 40)))}"


def _foreign_header(source: random.Random, token: str) -> str:
    _, body, signature = token.split(".")
    return f"{base64url.encode(source.choice(HEADERS))}.{body}.{source.choice((signature, ''))}"


MUTATIONS: tuple[Mutation, ...] = (
    _replace_character,
    _drop,
    _insert,
    _swap_parts,
    _flip_bit,
    _pad_bits,
    _lengthen_signature,
    _foreign_header,
)


def mutated(token: str, count: int, seed: int) -> Iterator[str]:
    """``count`` texts that are not ``token``, the same for the same seed."""
    source = random.Random(seed)
    while count:
        text = source.choice(MUTATIONS)(source, token)
        if text != token:
            count -= 1
            yield text
