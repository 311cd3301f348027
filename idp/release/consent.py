"""What people have agreed to give to apps: asked, remembered, and taken back."""

import json
from collections.abc import Callable, Collection, Sequence
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from idp.apps.tables import App
from idp.audit import Action, Transaction
from idp.crypto import sm3
from idp.keys import Vault
from idp.registry import persons, profile
from idp.registry.age import AgeBand, band
from idp.release.recipient import Recipient
from idp.release.scopes import SCOPES
from idp.release.tables import Consent


def agreed(session: Session, client_id: str, person_id: int) -> set[str]:
    """The scopes that the person agrees to at present."""
    row = _row(session, client_id, person_id)
    return set(row.scope.split()) if row is not None else set()


def person_of_subject(session: Session, client_id: str, sub: str) -> int | None:
    """Whom the app knows as ``sub``, if they agree to it at present: a pairwise name cannot be turned back by itself."""
    known = select(Consent.person_id).where(Consent.client_id == client_id, Consent.sub == sub, Consent.revoked_at.is_(None))
    return session.scalar(known.limit(1))


def covers(session: Session, vault: Vault, client: Recipient, person_id: int, scopes: Collection[str], today: date) -> bool:
    """Whether nobody has to be asked: the person has agreed to all of ``scopes``, or the app is one of the school's own.

    What they agreed to is what they read: where the app says another purpose or other reasons by now they are asked again, and so
    is whoever was a child then and is 14 by now (PIPL art. 31: it is their own word from then on).
    A trusted app rests on the school's legal duty (PIPL art. 13), but not for what needs approval: that is always asked.
    """
    if client.trusted and not any(SCOPES[scope].by_approval for scope in scopes):
        return True
    row = _row(session, client.id, person_id)
    if row is None or row.terms != terms_of(client) or not set(scopes) <= set(row.scope.split()):
        return False
    return not row.given_as_child or _is_child(session, vault, person_id, today)


def terms_of(client: Recipient) -> str:
    """A digest of what the consent page says beside the scopes."""
    return sm3.digest(json.dumps([client.purpose, sorted(client.reasons.items())], ensure_ascii=False).encode()).hex()


def give(tx: Transaction, vault: Vault, client: Recipient, person_id: int, person_number: str, scopes: Collection[str]) -> None:
    """Remembers that the person agreed to ``scopes``, beside what they agreed to before."""
    tx.serialise()  # two windows at once must not write two rows
    row = _row(tx.session, client.id, person_id)
    if row is None:
        row = Consent(person_id=person_id, client_id=client.id, scope="")
        tx.session.add(row)
    terms = terms_of(client)
    before = row.scope.split() if row.terms == terms else ()  # what was agreed to under other words is not agreed to under these
    row.scope, row.terms, row.given_at = " ".join(sorted({*scopes, *before})), terms, tx.now
    row.given_as_child = _is_child(tx.session, vault, person_id, tx.now.date())
    row.sub = vault.pairwise_subject(client.sector, person_number)
    detail = {"app": client.id, "scope": " ".join(scopes)}
    tx.record(Action.CONSENT_GIVEN, subject=f"person:{person_number}", institution=client.owner, detail=detail)


def refuse(tx: Transaction, client: Recipient, person_number: str) -> None:
    """Writes down that the person did not agree."""
    tx.record(Action.CONSENT_REFUSED, subject=f"person:{person_number}", institution=client.owner, detail={"app": client.id})


TakeBack = Callable[[Transaction, str, int], None]
"""What a protocol's room ends in the same transaction when a person (row id, last) takes back what an app (id) has."""


def take_back(tx: Transaction, client_id: str, person_id: int, person_number: str, endings: Sequence[TakeBack]) -> None:
    """Takes the consent back; by ``endings``, every token of the app for this person ends now."""
    tx.session.execute(
        update(Consent)
        .where(Consent.person_id == person_id, Consent.client_id == client_id, Consent.revoked_at.is_(None))
        .values(revoked_at=tx.now)
        .execution_options(synchronize_session=False)
    )
    for ending in endings:
        ending(tx, client_id, person_id)
    tx.record(Action.CONSENT_REVOKED, subject=f"person:{person_number}", detail={"app": client_id})


def given(session: Session, person_id: int) -> Sequence[tuple[Consent, App]]:
    """What the person agrees to at present, the newest first."""
    statement = select(Consent, App).join(App, App.id == Consent.client_id)
    mine = statement.where(Consent.person_id == person_id, Consent.revoked_at.is_(None)).order_by(Consent.given_at.desc())
    return [(row[0], row[1]) for row in session.execute(mine)]


def _is_child(session: Session, vault: Vault, person_id: int, today: date) -> bool:
    return band(profile.birth_date_of(vault, persons.by_id(session, person_id)), today) is AgeBand.UNDER_14


def _row(session: Session, client_id: str, person_id: int) -> Consent | None:
    mine = select(Consent).where(Consent.person_id == person_id, Consent.client_id == client_id, Consent.revoked_at.is_(None))
    return session.scalar(mine.limit(1))
