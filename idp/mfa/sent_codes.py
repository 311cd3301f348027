"""Codes that we send somewhere and have typed back: six digits, of which we keep the HMAC-SM3 only."""

import re
import secrets

from idp.keys import Vault
from idp.mfa import challenges
from idp.mfa.errors import WrongCode
from idp.mfa.tables import Challenge

DIGITS = 6


def fresh(vault: Vault, challenge: Challenge, sent_to: str, **also: str) -> str:
    """A new code of the challenge, to be sent to ``sent_to``; an earlier one is forgotten. ``also`` is kept sealed beside it."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    challenges.keep_private(vault, challenge, {**also, "mac": _mac(vault, challenge, sent_to, code)})
    return code


def check(vault: Vault, challenge: Challenge, sent_to: str, text: str) -> None:
    """Raises :class:`WrongCode` unless ``text`` is the code of this challenge, white space aside. Spends and counts nothing."""
    code = re.sub(r"\s", "", text)
    if not re.fullmatch(r"[0-9]{6}", code):
        raise WrongCode
    expected = challenges.private(vault, challenge).get("mac", "")
    if not secrets.compare_digest(expected, _mac(vault, challenge, sent_to, code)):
        raise WrongCode


def _mac(vault: Vault, challenge: Challenge, sent_to: str, code: str) -> str:
    """Over everything that the code is for: moved to another challenge, browser, purpose or place, it is another one."""
    parts = (challenge.id, challenge.binding_hash, challenge.purpose, sent_to, code)
    return vault.blind_index(f"{challenge.kind}_code", "\x00".join(parts))
