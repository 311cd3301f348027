"""“That was not me”: whoever is signed in as this person, or could be without their password, is out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from idp.audit import Action, Transaction
from idp.login import passwords, sessions
from idp.login.sessions import Ending
from idp.mfa import remembered
from idp.notices import book
from idp.notices.events import Event
from idp.registry.tables import Person

Revoking = Callable[[Transaction, int], None]
"""What another room takes back, in the same transaction, from everybody who acts for the person with this row id."""


@dataclass(frozen=True)
class Ended:
    """How much there was."""

    sessions: int
    devices: int


def raise_alarm(
    tx: Transaction, person: Person, *, factor_lost: bool, endings: Sequence[Ending], revokings: Sequence[Revoking]
) -> Ended:
    """Ends every session and remembered device, has tokens revoked, and demands another password at the next sign-in.

    ``factor_lost``: the person says that a second factor may be in other hands; the journal says so to the help desk.
    """
    ended = Ended(sessions.end_all(tx, person.id, endings), remembered.forget_all(tx, person.id, "not_me"))
    for revoking in revokings:
        revoking(tx, person.id)
    passwords.demand_change(tx, person.id)
    detail = {"sessions": ended.sessions, "devices": ended.devices, "factor_lost": factor_lost}
    tx.record(Action.INTRUSION_REPORTED, subject=f"person:{person.number}", outcome="failure", detail=detail)
    book.give(tx, person.id, Event.INTRUSION_REPORTED)
    return ended
