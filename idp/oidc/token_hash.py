"""Codes and tokens: random for whoever holds them, digests for us."""

import secrets

from idp.crypto import sm3

TOKEN_BYTES = 32


def new_token() -> str:
    """256 random bits in base64url, 43 characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    """SM3 of the token, 64 hexadecimal digits. Not salted: the token is random, and has to be found by it."""
    return sm3.digest(token.encode("utf-8", "replace")).hex()
