"""What a change of factors brings with it, whoever made it: no remembered device outlives it, and the person is told."""

from idp.audit import Transaction
from idp.mfa import remembered
from idp.mfa.factor import Factor, secret_context
from idp.mfa.tables import Credential
from idp.notices import book
from idp.notices.book import SealedNumber
from idp.notices.events import Event


def added(tx: Transaction, row: Credential, factor: Factor) -> None:
    """A factor works from now on."""
    remembered.forget_all(tx, row.person_id, "factor_added")
    event = Event.NUMBER_ADDED if factor.holds_number else Event.FACTOR_ADDED
    book.give(tx, row.person_id, event, detail={"kind": factor.title})


def removed(tx: Transaction, row: Credential, factor: Factor) -> None:
    """A factor is about to lose its secret; a number among them hears of it a last time."""
    remembered.forget_all(tx, row.person_id, "factor_removed")
    event = Event.NUMBER_REMOVED if factor.holds_number else Event.FACTOR_REMOVED
    book.give(tx, row.person_id, event, detail={"kind": factor.title}, also=number_of(row, factor))


def all_removed(tx: Transaction, person_id: int) -> None:
    """Every factor is gone."""
    remembered.forget_all(tx, person_id, "factors_reset")
    book.give(tx, person_id, Event.FACTORS_RESET)


def locked(tx: Transaction, row: Credential, factor: Factor) -> None:
    """A factor is never right until somebody unlocks it."""
    remembered.forget_all(tx, row.person_id, "factor_locked")
    book.give(tx, row.person_id, Event.FACTOR_LOCKED, detail={"kind": factor.title})


def recovery_codes_made(tx: Transaction, person_id: int) -> None:
    """Another sheet of paper opens the account."""
    book.give(tx, person_id, Event.RECOVERY_CODES_MADE)


def recovery_code_used(tx: Transaction, person_id: int) -> None:
    """Somebody had the paper, and perhaps the phone is gone: what was remembered for its owner ends."""
    remembered.forget_all(tx, person_id, "recovery_code_used")
    book.give(tx, person_id, Event.RECOVERY_CODE_USED)


def number_of(row: Credential, factor: Factor) -> SealedNumber | None:
    """The telephone number that the factor sends to, still sealed."""
    if not factor.holds_number or row.secret_sealed is None:
        return None
    return SealedNumber(row.secret_sealed, secret_context(row.id))
