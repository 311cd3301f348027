"""Activation codes: how a person who has been registered comes to a password of their own."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update

from idp.audit import Action, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.keys import Vault
from idp.login.errors import ActivationRefused
from idp.login.tables import Activation
from idp.registry.tables import Person

LENGTH = 12  # of 28 characters: 57 bits
ALPHABET = "3456789ABCDEFGHJKMNPQRSTVWXY"


@dataclass(frozen=True)
class Issued:
    """A code as it is handed over, once."""

    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Issued(until {self.expires_at:%Y-%m-%d})"


def issue(tx: Transaction, vault: Vault, person: Person, *, lifetime: int) -> Issued:
    """A new code for the person, good for ``lifetime`` seconds; an earlier one stops working."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    expires = tx.now + timedelta(seconds=lifetime)
    row = tx.session.get(Activation, person.id)
    if row is None:
        row = Activation(person_id=person.id)
        tx.session.add(row)
    row.mac, row.expires_at, row.used_at = _mac(vault, person.id, code), expires, None
    tx.record(Action.ACTIVATION_ISSUED, subject=f"person:{person.number}", detail={"until": expires.isoformat()})
    return Issued("-".join(code[i : i + 4] for i in range(0, LENGTH, 4)), expires)


def spend(tx: Transaction, vault: Vault, person_id: int | None, text: str) -> None:
    """Uses the code up. Raises :class:`ActivationRefused`, the same for an unknown person as for a wrong code."""
    code = re.sub(r"[\s-]", "", text).upper()[:64]
    # The same work for an account that does not exist: the index is computed and looked for, and nothing is found.
    spending = (
        update(Activation)
        .where(
            Activation.person_id == (person_id if person_id is not None else -1),
            Activation.mac == _mac(vault, person_id or -1, code),
            Activation.used_at.is_(None),
            Activation.expires_at > tx.now,
        )
        .values(used_at=tx.now)
    )
    if not compare_and_set(tx.session, spending):
        raise ActivationRefused


def _mac(vault: Vault, person_id: int, code: str) -> str:
    return vault.blind_index("activation", f"{person_id}:{code}")
