"""The engine: enrols factors, judges answers through their kinds, counts the wrong ones, and records it all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.keys import Vault
from idp.mfa.errors import NoSuchFactor, TooManyFactors, TooManyWrongCodes, WrongCode
from idp.mfa.factors import FACTORS, recovery, totp
from idp.mfa.tables import Credential, RecoveryCode
from idp.registry.tables import Person

FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=15)
MAX_CREDENTIALS = 5
PENDING_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class Proof:
    """A factor was proven just now."""

    kind: str
    amr: str
    level: int


@dataclass(frozen=True)
class Enrolment:
    """An authenticator app about to be added: shown as a QR code, a link and a key."""

    credential_id: int
    secret: str
    uri: str

    def __repr__(self) -> str:
        return f"Enrolment({self.credential_id})"


def factors_of(session: Session, person_id: int) -> Sequence[Credential]:
    """The factors that the person can use now, oldest first."""
    active = select(Credential).where(Credential.person_id == person_id, Credential.state == "active")
    return session.scalars(active.order_by(Credential.id)).all()


def answer(tx: Transaction, vault: Vault, person_id: int, kind: str, text: str) -> Proof:
    """Judges the person's answer by a factor of ``kind``; with several of one kind, any of them may have made it.

    Raises :class:`WrongCode`, :class:`TooManyWrongCodes` or :class:`NoSuchFactor`. What a wrong answer changed is in the
    transaction: the caller keeps it, or wrong answers cost nothing.
    """
    credentials = [row for row in factors_of(tx.session, person_id) if row.kind == kind]
    if not credentials:
        raise NoSuchFactor
    _check_wait(tx, credentials)
    factor = FACTORS[kind]
    for credential in credentials:
        try:
            with tx.savepoint():
                factor.spend(tx, vault, credential, text)
        except WrongCode:
            continue
        _clear(tx, credential)
        return Proof(kind, factor.amr, factor.level)
    _count_wrong(tx, person_id, kind, [row.id for row in credentials])
    raise WrongCode


def begin_totp(tx: Transaction, vault: Vault, person: Person, *, issuer: str, label: str) -> Enrolment:
    """A new authenticator app, pending until :func:`confirm_totp`; an earlier pending one is forgotten."""
    tx.session.execute(
        delete(Credential).where(Credential.person_id == person.id, Credential.kind == "totp", Credential.state == "pending")
    )
    if sum(row.kind == "totp" for row in factors_of(tx.session, person.id)) >= MAX_CREDENTIALS:
        raise TooManyFactors(limit=MAX_CREDENTIALS)
    credential = Credential(person_id=person.id, kind="totp", label=label[:64], state="pending", created_at=tx.now)
    tx.session.add(credential)
    tx.session.flush()
    secret = totp.new_secret()
    credential.secret_sealed = vault.seal(secret, context=f"mfa_credential:{credential.id}:secret")
    return Enrolment(credential.id, secret, totp.provisioning_uri(secret, issuer=issuer, account=person.number))


def pending_totp(session: Session, vault: Vault, person: Person, *, issuer: str) -> Enrolment | None:
    """The enrolment that waits for its confirmation, to be shown again."""
    row = _pending(session, person.id)
    if row is None:
        return None
    secret = totp.secret_of(vault, row)
    return Enrolment(row.id, secret, totp.provisioning_uri(secret, issuer=issuer, account=person.number))


def confirm_totp(tx: Transaction, vault: Vault, person: Person, code: str) -> Proof:
    """Makes the pending authenticator app active by a code of its own: what does not work is never relied on.

    Raises :class:`WrongCode`, :class:`TooManyWrongCodes` or :class:`NoSuchFactor`.
    """
    credential = _pending(tx.session, person.id)
    if credential is None or credential.created_at + PENDING_LIFETIME < tx.now:
        raise NoSuchFactor
    _check_wait(tx, [credential])
    try:
        with tx.savepoint():
            FACTORS["totp"].spend(tx, vault, credential, code)
    except WrongCode:
        _count_wrong(tx, person.id, "totp", [credential.id])
        raise
    tx.session.execute(update(Credential).where(Credential.id == credential.id).values(state="active"))
    _clear(tx, credential)
    tx.record(Action.FACTOR_ENROLLED, subject=f"person:{person.number}", detail={"kind": "totp", "factor": credential.id})
    return Proof("totp", FACTORS["totp"].amr, FACTORS["totp"].level)


def renew_recovery_codes(tx: Transaction, vault: Vault, person: Person) -> list[str]:
    """Ten new recovery codes; earlier ones stop working. The texts can be shown now and never again."""
    credential = next((row for row in factors_of(tx.session, person.id) if row.kind == "recovery"), None)
    if credential is None:
        credential = Credential(person_id=person.id, kind="recovery", label="", state="active", created_at=tx.now)
        tx.session.add(credential)
        tx.session.flush()
    codes = recovery.replace(tx, vault, credential)
    tx.record(Action.RECOVERY_CODES_MADE, subject=f"person:{person.number}")
    return codes


def remove(tx: Transaction, person: Person, credential_id: int) -> None:
    """Takes a factor away; recovery codes go with the last other one. Raises :class:`NoSuchFactor`."""
    rows = factors_of(tx.session, person.id)
    target = next((row for row in rows if row.id == credential_id), None)
    if target is None:
        raise NoSuchFactor
    others = [row for row in rows if row.id != credential_id and row.kind != "recovery"]
    doomed = [target] if others else list(rows)
    for row in doomed:
        _delete(tx, row)
        tx.record(Action.FACTOR_REMOVED, subject=f"person:{person.number}", detail={"kind": row.kind, "factor": row.id})


def remove_all(tx: Transaction, person: Person) -> int:
    """Takes every factor away, for somebody whose phone is gone; returns how many there were."""
    rows = factors_of(tx.session, person.id)
    for row in rows:
        _delete(tx, row)
        tx.record(Action.FACTOR_REMOVED, subject=f"person:{person.number}", detail={"kind": row.kind, "factor": row.id})
    return len(rows)


def _pending(session: Session, person_id: int) -> Credential | None:
    pending = select(Credential).where(Credential.person_id == person_id, Credential.state == "pending")
    return session.scalar(pending.order_by(Credential.id.desc()).limit(1))


def _delete(tx: Transaction, row: Credential) -> None:
    tx.session.execute(delete(RecoveryCode).where(RecoveryCode.credential_id == row.id))
    tx.session.execute(delete(Credential).where(Credential.id == row.id))


def _check_wait(tx: Transaction, credentials: Sequence[Credential]) -> None:
    until = max((row.retry_at for row in credentials if row.retry_at is not None), default=None)
    if until is not None and until > tx.now:
        raise TooManyWrongCodes(seconds=ceil((until - tx.now).total_seconds()))


def _count_wrong(tx: Transaction, person_id: int, kind: str, credential_ids: list[int]) -> None:
    """One wrong answer more on every credential that could have made it, and after five a wait that doubles."""
    where = Credential.id.in_(credential_ids)
    tx.session.execute(
        update(Credential).where(where).values(fails=Credential.fails + 1), execution_options={"synchronize_session": False}
    )
    fails = tx.session.scalar(select(func.max(Credential.fails)).where(where)) or 0
    if fails >= FREE_TRIES:
        wait = min(timedelta(seconds=2 ** min(fails - FREE_TRIES + 1, 20)), LONGEST_WAIT)
        tx.session.execute(
            update(Credential).where(where).values(retry_at=tx.now + wait), execution_options={"synchronize_session": False}
        )
    number = tx.session.scalar(select(Person.number).where(Person.id == person_id))
    tx.record(Action.FACTOR_REFUSED, subject=f"person:{number}", outcome="failure", detail={"kind": kind, "fails": fails})


def _clear(tx: Transaction, credential: Credential) -> None:
    tx.session.execute(
        update(Credential).where(Credential.id == credential.id).values(fails=0, retry_at=None, last_used_at=tx.now),
        execution_options={"synchronize_session": False},
    )
