"""Which app may do what with which key, and how often. Without a permission an app may do nothing with a key."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from idp.apps import register
from idp.audit import Action, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.mfa import limits
from idp.signing.errors import NotAllowed, NotPermitted, TooManyRequests
from idp.signing.keys import institution_of
from idp.signing.tables import SigningKey, SigningPermission

MINUTE = timedelta(minutes=1)
_FIND = (
    select(SigningKey, SigningPermission)
    .join(SigningPermission, SigningPermission.key_id == SigningKey.id)
    .where(SigningPermission.app_id == bindparam("app"), SigningKey.name == bindparam("name"))
)
MAX_PER_MINUTE = 1_000_000


class Operation(StrEnum):
    """``sign`` makes messages that say what they are; ``sign-raw`` signs whatever bytes it is given."""

    SIGN = "sign"
    SIGN_RAW = "sign-raw"
    VERIFY = "verify"
    ENCRYPT = "encrypt"
    OPEN = "open"


@dataclass(frozen=True)
class Permission:
    """What stands in the table, for one app and key."""

    key: SigningKey
    operations: frozenset[Operation]
    per_minute: int


def allow(tx: Transaction, app_id: str, key: SigningKey, operations: Collection[Operation], per_minute: int) -> None:
    """Gives the app these operations with the key, in the place of those it had. Raises ``NoSuchApp``."""
    app = register.by_id(tx.session, app_id)
    if not operations or not 1 <= per_minute <= MAX_PER_MINUTE:
        raise ValueError(per_minute)
    tx.serialise()
    row = tx.session.get(SigningPermission, (app.id, key.id))
    if row is None:
        row = SigningPermission(app_id=app.id, key_id=key.id)
        tx.session.add(row)
    row.operations, row.per_minute, row.granted_at = sorted(one.value for one in operations), per_minute, tx.now
    tx.session.flush()
    _record(tx, Action.SIGNING_ALLOWED, app.id, key, {"operations": row.operations, "per_minute": per_minute})


def deny(tx: Transaction, app_id: str, key: SigningKey) -> None:
    """Takes everything back, from now on. Raises :class:`NotPermitted`."""
    ending = delete(SigningPermission).where(SigningPermission.app_id == app_id, SigningPermission.key_id == key.id)
    if not compare_and_set(tx.session, ending):
        raise NotPermitted(app=app_id[:32], key=key.name)
    tx.session.expire_all()
    _record(tx, Action.SIGNING_DENIED, app_id, key, {})


def check(session: Session, app_id: str, name: str, operation: Operation) -> Permission:
    """Raises :class:`NotAllowed`, alike for a key that there is not."""
    found = find(session, app_id, name)
    if found is None or operation not in found.operations:
        raise NotAllowed(key=name[:40])
    return found


def find(session: Session, app_id: str, name: str) -> Permission | None:
    """What the app may do with a key."""
    found = session.execute(_FIND, {"app": app_id, "name": name}).one_or_none()
    return _permission(*found) if found is not None else None


def of_app(session: Session, app_id: str) -> Sequence[Permission]:
    """What the app may do, by key."""
    return [_permission(key, row) for key, row in _rows(session, SigningPermission.app_id == app_id)]


def of_key(session: Session, key: SigningKey) -> Sequence[tuple[str, Permission]]:
    """Which apps may do what with a key."""
    return [(row.app_id, _permission(key, row)) for _, row in _rows(session, SigningPermission.key_id == key.id)]


def spend(tx: Transaction, app_id: str, name: str, operation: Operation) -> SigningKey:
    """The key, and one request more of this app with it. Raises :class:`NotAllowed`, :class:`TooManyRequests`."""
    permission = check(tx.session, app_id, name, operation)
    count(tx, app_id, name, permission.per_minute)
    return permission.key


def count(tx: Transaction, app_id: str, key: str, per_minute: int) -> None:
    """One request more of this app with this key, or with none. In a transaction of its own, so that a request that fails counts.

    Raises :class:`TooManyRequests`.
    """
    name = f"signing:{app_id}:{key}"
    if limits.count(tx, name, MINUTE) > per_minute:
        raise TooManyRequests(limits.seconds_left(tx.session, name, tx.now))


def _rows(session: Session, which: object) -> Sequence[tuple[SigningKey, SigningPermission]]:
    statement = select(SigningKey, SigningPermission).join(SigningPermission, SigningPermission.key_id == SigningKey.id)
    found = session.execute(statement.where(which).order_by(SigningKey.name, SigningPermission.app_id))  # type: ignore[arg-type]
    return [(key, row) for key, row in found]


def _permission(key: SigningKey, row: SigningPermission) -> Permission:
    return Permission(key, frozenset(map(Operation, row.operations)), row.per_minute)


def _record(tx: Transaction, action: Action, app_id: str, key: SigningKey, detail: dict[str, object]) -> None:
    institution = institution_of(tx.session, key)
    tx.record(action, subject=f"signing_key:{key.name}", institution=institution, detail={"app": app_id, **detail})
