"""Somebody's last affiliation has ended: whoever is signed in as them is out, in the same transaction, and every app is told."""

from collections.abc import Sequence
from dataclasses import dataclass

from idp.audit import Action, Transaction
from idp.login import sessions
from idp.login.alarm import Revoking
from idp.login.sessions import Ending
from idp.mfa import remembered
from idp.registry import affiliations
from idp.registry.tables import Person


@dataclass(frozen=True)
class Departures:
    """What the other rooms do at the end of a session, and with what was given for longer than one."""

    endings: Sequence[Ending]
    revokings: Sequence[Revoking]

    def check(self, tx: Transaction, person: Person) -> bool:
        """Takes away what a person may still use who belongs to no institution any more; tells whether that is so."""
        tx.session.flush()
        if affiliations.current(tx.session, person.id, tx.now.date()):
            return False
        ended = sessions.end_all(tx, person.id, self.endings)
        for revoking in self.revokings:
            revoking(tx, person.id)
        devices = remembered.forget_all(tx, person.id, "left")
        tx.record(Action.PERSON_LEFT, subject=f"person:{person.number}", detail={"sessions": ended, "devices": devices})
        return True
