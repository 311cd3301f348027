"""The one interface of second factors."""

from typing import Protocol

from idp.audit import Transaction
from idp.keys import Vault
from idp.mfa.tables import Credential


class Factor(Protocol):
    """A kind of second factor. The engine counts, limits and records; a kind only judges an answer and spends it."""

    kind: str
    """Its name in rows, in the journal and at the command line."""

    amr: str
    """The authentication method reference of a proof by it (RFC 8176)."""

    level: int
    """The level that it lifts a password to, see :mod:`idp.mfa.policy`."""

    def spend(self, tx: Transaction, vault: Vault, credential: Credential, answer: str) -> None:
        """Accepts ``answer`` for ever and only once, by compare-and-set in this transaction.

        Raises :class:`idp.mfa.errors.WrongCode` for an answer that is wrong or spent, even by somebody at this very moment.
        """
        ...
