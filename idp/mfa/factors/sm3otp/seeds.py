"""The seed file that comes with a box of hardware tokens."""

import re
import secrets
from collections.abc import Callable
from pathlib import Path

from idp.audit import Action, Transaction
from idp.crypto.sm3_otp import MIN_KEY
from idp.i18n import N_
from idp.keys import Vault
from idp.mfa.factors.sm3otp.tables import OtpToken
from idp.mfa.factors.sm3otp.tokens import Mode, seed_context, seed_of
from idp.registry.errors import InvalidField
from idp.registry.imports.batches import OpenTransaction, in_batches
from idp.registry.imports.reading import Row, read
from idp.registry.imports.report import Outcome

SYNONYMS: dict[str, tuple[str, ...]] = {
    "serial": ("serial_number", "sn", "序列号"),
    "seed": ("seed_hex", "key", "key_hex", "种子", "种子密钥"),
    "mode": ("type", "模式", "类型"),
    "digits": ("length", "位数"),
    "step": ("period", "interval", "步长", "时间间隔"),
}
REQUIRED = ("serial", "seed")
SENSITIVE = ("seed",)
MODES = {
    **{mode.value: mode for mode in Mode},
    "": Mode.TIME,
    "时间": Mode.TIME,
    "事件": Mode.EVENT,
    "挑战": Mode.CHALLENGE,
    "挑战应答": Mode.CHALLENGE,
}
DIGITS = range(6, 9)
PERIODS = range(10, 61)  # seconds; GM/T 0021: Tc is 60 at most. The lower end is our policy
MAX_SEED = 64  # bytes


def import_seeds(path: Path, vault: Vault, transaction: OpenTransaction, progress: Callable[[int, int], None]) -> Outcome:
    """Imports the file: a row for each token, by time, of six digits and sixty seconds where it does not say otherwise.

    Importing a file twice changes nothing; a serial number that is known with another seed is refused, as it may be in use.
    Raises :class:`idp.registry.errors.ImportRefused` for the file as a whole.
    """
    outcome = Outcome(read(path, SYNONYMS, REQUIRED))
    in_batches(outcome.table.rows, transaction, lambda tx, row: _import(tx, vault, row, outcome), outcome, progress, SENSITIVE)
    if outcome.created:
        with transaction() as tx:
            tx.record(Action.TOKENS_IMPORTED, subject="tokens", detail={"count": outcome.created})
    return outcome


def _import(tx: Transaction, vault: Vault, row: Row, outcome: Outcome) -> None:
    if "" in row.original:
        raise InvalidField(field="", reason=N_("the row has more cells than the heading"))
    serial, seed = row.values["serial"].upper(), _seed(row.values["seed"])
    if not re.fullmatch(r"[0-9A-Z][0-9A-Z-]{2,31}", serial):
        raise InvalidField(field="serial", reason=N_("a serial number has 3 to 32 digits, letters or hyphens"))
    mode = MODES.get(row.values.get("mode", "").casefold())
    if mode is None:
        raise InvalidField(field="mode", reason=N_("the mode is time, event or challenge"))
    digits, period = _number(row, "digits", 6, DIGITS), _number(row, "step", 60, PERIODS)
    known = tx.session.get(OtpToken, serial)
    if known is not None:
        same_seed = secrets.compare_digest(seed_of(vault, known), seed)
        if not same_seed or (known.mode, known.digits, known.period) != (mode, digits, period):
            raise InvalidField(field="serial", reason=N_("this token is known already, with other values"))
        outcome.unchanged += 1
        return
    sealed = vault.seal(seed, context=seed_context(serial))
    tx.session.add(
        OtpToken(serial=serial, mode=mode, digits=digits, period=period, seed_sealed=sealed, last_step=-1, imported_at=tx.now)
    )
    tx.session.flush()
    outcome.created += 1


def _seed(text: str) -> str:
    seed = re.sub(r"\s", "", text).lower()
    if not re.fullmatch(r"(?:[0-9a-f]{2})+", seed) or not MIN_KEY <= len(seed) // 2 <= MAX_SEED:
        raise InvalidField(field="seed", reason=N_("a seed is 16 to 64 bytes in hexadecimal"))
    return seed


def _number(row: Row, field: str, default: int, allowed: range) -> int:
    text = row.values.get(field, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) in allowed):
        raise InvalidField(field=field, reason=N_("this number is not possible here"))
    return int(text)
