"""Who keeps a person's password, and says whether one is right: this installation, or a directory of the person's school."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from idp.crypto.passwords import PasswordHasher
from idp.directory import check, registration, responsible
from idp.directory.check import Ready
from idp.directory.errors import CredentialsRefused, Unavailable
from idp.directory.reachability import Reachability
from idp.directory.responsible import Kept
from idp.keys import KeyRing
from idp.login import passwords
from idp.login.errors import SignInRefused


class PasswordKeeper(Protocol):
    """Says whether a password is a person's."""

    @property
    def page(self) -> str:
        """Where the person changes the password, if not here; empty where that is not known."""

    def check(self, password: str) -> str | None:
        """Returns a verifier to keep in place of the one there is, if there is reason to; else ``None``.

        Raises :class:`SignInRefused` for a wrong password and for nobody alike. A keeper elsewhere also raises
        :class:`idp.directory.errors.AccountState`, or :class:`~idp.directory.errors.Unavailable`, which is no fault of the person.
        Slow: call it outside of any transaction.
        """


@dataclass(frozen=True)
class Here:
    """This installation."""

    hasher: PasswordHasher
    verifier: str | None = field(repr=False)
    page: str = ""

    def check(self, password: str) -> str | None:
        """Takes the same time where there is no verifier."""
        passwords.verify(self.hasher, self.verifier, password)
        renewing = self.verifier is not None and self.hasher.needs_rehash(self.verifier)
        return self.hasher.hash(password) if renewing else None


@dataclass(frozen=True)
class Elsewhere:
    """A directory. ``values`` say who is meant there, ``fallback`` is asked instead while no server answers."""

    directory: Ready
    values: Mapping[str, str] = field(repr=False)
    hasher: PasswordHasher
    reachability: Reachability
    now: datetime
    fallback: Here | None = None

    @property
    def page(self) -> str:
        """What the directory's description says."""
        return self.directory.described.password_page

    def check(self, password: str) -> str | None:
        """Asks the directory."""
        # As long as for an account that is kept here or does not exist, so that the answer's time does not tell them apart.
        self.hasher.spend_the_same_time(password)
        try:
            check.check_password(self.directory, self.values, password, self.reachability, self.now)
        except CredentialsRefused:
            raise SignInRefused from None
        except Unavailable:
            if self.fallback is None:
                raise
            self.fallback.check(password)
        return None


def keeper_of(
    session: Session, ring: KeyRing, person_id: int | None, school: str | None, reachability: Reachability, now: datetime
) -> PasswordKeeper:
    """Who keeps the password of a person, or of nobody (``None``) who was looked for in ``school``, a code."""
    hasher, today = ring.current().passwords, now.date()
    if person_id is None:
        row = responsible.of_school(session, school) if school else None
        if row is None:
            return Here(hasher, None)
        return Elsewhere(registration.ready(ring.vault, row), {}, hasher, reachability, now)
    here = Here(hasher, passwords.verifier_of(session, person_id))
    kept = responsible.responsible(session, person_id, today, school)
    if kept is None:
        return here
    ready = registration.ready(ring.vault, kept.directory)
    values = responsible.values(session, ring.vault, kept, person_id, today)
    fallback = here if ready.described.fallback else None
    return Elsewhere(ready, values, hasher, reachability, now, fallback)


def kept_elsewhere(session: Session, person_id: int, today: date) -> Kept | None:
    """The directory that keeps the person's password: then none is set or changed here."""
    return responsible.responsible(session, person_id, today)
