"""Codes that move from step to step, of time or of a counter: which step a code belongs to, and spending that step once."""

import re
import secrets
from collections.abc import Callable

from sqlalchemy import update

from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.mfa.errors import WrongCode
from idp.mfa.factor import Answer
from idp.mfa.tables import Credential

Generate = Callable[[int], str]
"""The code of a step."""


def find(generate: Generate, answer: Answer, digits: int, near: range, far: range) -> int:
    """The latest step that ``answer`` proves: by one ``code`` within ``near``, or with ``next``, the one after it, within ``far``.

    RFC 4226 §7.4: what is too far off for one code is taken for two in a row. Raises :class:`WrongCode`.
    """
    code = _read(answer.get("code", ""), digits)
    if not answer.get("next", "").strip():
        # Each candidate is compared, in constant time, whether or not one has matched.
        matches = [step for step in near if secrets.compare_digest(generate(step), code)]
    else:
        following = _read(answer["next"], digits)
        matches = [
            step + 1
            for step in far
            if secrets.compare_digest(generate(step), code) & secrets.compare_digest(generate(step + 1), following)
        ]
    if not matches:
        raise WrongCode
    return matches[-1]


def spend(tx: Transaction, credential: Credential, step: int, **values: object) -> None:
    """Takes the step, once: of two requests with one code, one finds no row to change. Raises :class:`WrongCode`."""
    spending = (
        update(Credential).where(Credential.id == credential.id, Credential.last_step < step).values(last_step=step, **values)
    )
    if not compare_and_set(tx.session, spending):
        raise WrongCode


def _read(text: str, digits: int) -> str:
    code = re.sub(r"\s", "", text)
    if not re.fullmatch(rf"[0-9]{{{digits}}}", code):
        raise WrongCode
    return code
