"""The hardware tokens of the installation: which there are, whose they are, and how they come back."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.keys import Vault
from idp.mfa.errors import NoSuchToken, TokenTaken
from idp.mfa.factors.sm3otp.tables import OtpToken
from idp.registry.tables import Person


class Mode(StrEnum):
    """From what a token makes its codes."""

    TIME = "time"
    EVENT = "event"
    CHALLENGE = "challenge"


def find(session: Session, serial: str) -> OtpToken:
    """The token with this serial number, whatever the case of its letters. Raises :class:`NoSuchToken`."""
    row = session.get(OtpToken, serial.strip().upper()[:33], populate_existing=True)
    if row is None:
        raise NoSuchToken
    return row


def assigned_to(session: Session, person_id: int, modes: Sequence[Mode]) -> Sequence[OtpToken]:
    """The person's tokens that work in one of these ways."""
    theirs = select(OtpToken).where(OtpToken.person_id == person_id, OtpToken.mode.in_(modes))
    return session.scalars(theirs.order_by(OtpToken.serial)).all()


def assign(tx: Transaction, person: Person, serial: str) -> OtpToken:
    """Gives a token to a person. Repeating it is harmless. Raises :class:`NoSuchToken`, :class:`TokenTaken`."""
    row = find(tx.session, serial)
    if row.person_id == person.id:
        return row
    taking = update(OtpToken).where(OtpToken.serial == row.serial, OtpToken.person_id.is_(None)).values(person_id=person.id)
    if not compare_and_set(tx.session, taking):
        raise TokenTaken
    tx.session.expire(row)
    tx.record(Action.TOKEN_ASSIGNED, subject=f"person:{person.number}", detail={"serial": row.serial})
    return row


def take_back(tx: Transaction, person: Person, serial: str) -> OtpToken:
    """The token is nobody's again. Its factor has been removed before. Raises :class:`NoSuchToken` for one that is not theirs."""
    row = find(tx.session, serial)
    ending = update(OtpToken).where(OtpToken.serial == row.serial, OtpToken.person_id == person.id).values(person_id=None)
    if not compare_and_set(tx.session, ending):
        raise NoSuchToken
    tx.session.expire(row)
    tx.record(Action.TOKEN_TAKEN_BACK, subject=f"person:{person.number}", detail={"serial": row.serial})
    return row


def remember_spent(tx: Transaction, serial: str, last_step: int) -> None:
    """What was spent on the token stays spent, whoever sets it up next."""
    tx.session.execute(
        update(OtpToken).where(OtpToken.serial == serial, OtpToken.last_step < last_step).values(last_step=last_step),
        execution_options={"synchronize_session": "fetch"},
    )


def seed_of(vault: Vault, row: OtpToken) -> str:
    """The seed in hexadecimal, opened."""
    return vault.open(row.seed_sealed, context=seed_context(row.serial))


def seed_context(serial: str) -> str:
    """The place that a token's seed is sealed for."""
    return f"otp_token:{serial}:seed"
