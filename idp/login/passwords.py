"""Setting and checking passwords."""

import unicodedata
from functools import lru_cache
from pathlib import Path

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.crypto.errors import WrongPassword
from idp.crypto.passwords import MAX_PASSWORD_BYTES, PasswordHasher
from idp.i18n import N_
from idp.login.errors import PasswordTooWeak, SignInRefused
from idp.login.tables import Password
from idp.mfa import remembered
from idp.notices import book
from idp.notices.events import Event
from idp.registry.tables import Person

_VERIFIER = select(Password.verifier).where(Password.person_id == bindparam("person"))
_MUST_CHANGE = select(Password.must_change).where(Password.person_id == bindparam("person"))

MIN_LENGTH = 8  # NIST SP 800-63B §5.1.1.2: at least 8, no rules of composition, a list of the common ones


def verifier_of(session: Session, person_id: int) -> str | None:
    """The person's stored verifier, if a password was ever set."""
    return session.scalar(_VERIFIER, {"person": person_id})


def verify(hasher: PasswordHasher, verifier: str | None, password: str) -> None:
    """Raises :class:`SignInRefused` unless the password fits. Takes the same time where there is no verifier.

    Slow on purpose: call it outside of any transaction.
    """
    if verifier is None:
        hasher.spend_the_same_time(password)
        raise SignInRefused
    try:
        hasher.verify(verifier, password)
    except WrongPassword:
        raise SignInRefused from None


def check_strength(password: str, person_words: tuple[str, ...] = ()) -> None:
    """Raises :class:`PasswordTooWeak` for one that is short, common, or made of the person's own number or name."""
    text = unicodedata.normalize("NFC", password)
    folded = text.casefold()
    if len(text) < MIN_LENGTH:
        raise PasswordTooWeak(reason=N_("it needs at least 8 characters."))
    if len(text.encode("utf-8", "replace")) > MAX_PASSWORD_BYTES:
        raise PasswordTooWeak(reason=N_("it is too long."))
    if folded in _common() or len(set(folded)) < 4 or folded in "01234567890123456789" or folded in "98765432109876543210":
        raise PasswordTooWeak(reason=N_("many people use this one, so it is tried first."))
    if any(len(word) >= 4 and word.casefold() in folded for word in person_words):
        raise PasswordTooWeak(reason=N_("it contains your name, number or account."))


def check_another(hasher: PasswordHasher, verifier: str | None, password: str) -> None:
    """Raises :class:`PasswordTooWeak` for the password that there is already. Slow on purpose."""
    if verifier is None:
        return
    try:
        hasher.verify(verifier, password)
    except WrongPassword:
        return
    raise PasswordTooWeak(reason=N_("it is the one you had until now."))


def set_password(tx: Transaction, person: Person, verifier: str) -> None:
    """Keeps a new password's verifier, made by ``PasswordHasher.hash`` before this transaction began. Whoever had one is told."""
    row = tx.session.get(Password, person.id)
    if row is None:
        tx.session.add(Password(person_id=person.id, verifier=verifier, changed_at=tx.now))
    else:
        row.verifier, row.changed_at, row.must_change = verifier, tx.now, False
        remembered.forget_all(tx, person.id, "password_changed")
        book.give(tx, person.id, Event.PASSWORD_CHANGED)
    tx.session.flush()
    tx.record(Action.PASSWORD_SET, subject=f"person:{person.number}")


def renew_verifier(tx: Transaction, person_id: int, verifier: str) -> None:
    """Keeps the same password as a costlier verifier."""
    tx.session.execute(update(Password).where(Password.person_id == person_id).values(verifier=verifier))


def demand_change(tx: Transaction, person_id: int) -> None:
    """Lets the password be used for one sign-in more, which asks for another one."""
    tx.session.execute(update(Password).where(Password.person_id == person_id).values(must_change=True))


def must_change(session: Session, person_id: int) -> bool:
    """Whether the next sign-in asks for another password."""
    return session.scalar(_MUST_CHANGE, {"person": person_id}) or False


@lru_cache
def _common() -> frozenset[str]:
    path = Path(__file__).parent / "data" / "common_passwords.txt"
    return frozenset(line for line in path.read_text(encoding="utf-8").split() if line)
