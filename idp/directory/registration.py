"""Entering directories, switching them on and off, ending them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.directory.check import Ready
from idp.directory.described import Described
from idp.directory.errors import InvalidDirectory, NoSuchDirectory
from idp.directory.tables import Directory
from idp.i18n import N_
from idp.keys import Vault
from idp.registry import institutions


def add(tx: Transaction, vault: Vault, institution: str, described: Described, account_password: str) -> Directory:
    """Enters a directory, switched off. Raises :class:`InvalidDirectory`, or ``NoSuchInstitution``."""
    institutions.by_code(tx.session, institution)
    if bool(described.account_name) != bool(account_password):
        raise InvalidDirectory(field="account_name", reason=N_("an account has a name and a password"))
    row = Directory(institution=institution, described=described.to_json(), enabled=False, created_at=tx.now)
    tx.session.add(row)
    tx.session.flush()
    if account_password:
        row.account_password_sealed = vault.seal(account_password, context=_context(row))
    _record(tx, Action.DIRECTORY_ADDED, row)
    return row


def by_id(session: Session, number: int) -> Directory:
    """Raises :class:`NoSuchDirectory`."""
    row = session.get(Directory, number)
    if row is None:
        raise NoSuchDirectory(directory=str(number))
    return row


def listed(session: Session) -> Sequence[Directory]:
    """All of them, in the order in which they were entered."""
    return session.scalars(select(Directory).order_by(Directory.id)).all()


def ready(vault: Vault, row: Directory) -> Ready:
    """The directory as it is asked."""
    sealed = row.account_password_sealed
    return Ready(Described(**row.described), vault.open(sealed, context=_context(row)) if sealed else "")


def enable(tx: Transaction, number: int) -> Directory:
    """From now on people with its roles sign in by it. Raises :class:`InvalidDirectory` where another one has a role of its."""
    tx.serialise()
    row = by_id(tx.session, number)
    mine = set(Described(**row.described).roles)
    others = select(Directory).where(Directory.institution == row.institution, Directory.enabled, Directory.id != row.id)
    for other in tx.session.scalars(others):
        if mine & set(Described(**other.described).roles):
            raise InvalidDirectory(
                field="roles", reason=N_("another directory of this institution keeps the passwords of such people")
            )
    if not row.enabled:
        row.enabled = True
        _record(tx, Action.DIRECTORY_ENABLED, row)
    return row


def disable(tx: Transaction, number: int) -> Directory:
    """From now on nobody is asked there: people sign in by a password that is kept here, if they have one."""
    row = by_id(tx.session, number)
    if row.enabled:
        row.enabled = False
        _record(tx, Action.DIRECTORY_DISABLED, row)
    return row


def remove(tx: Transaction, number: int) -> None:
    """Forgets it, and the password of its account. Raises :class:`NoSuchDirectory`."""
    row = by_id(tx.session, number)
    _record(tx, Action.DIRECTORY_REMOVED, row)
    tx.session.delete(row)


def _context(row: Directory) -> str:
    return f"directory:{row.id}:account_password"


def _record(tx: Transaction, action: Action, row: Directory) -> None:
    detail = {"servers": row.described["servers"]}
    tx.record(action, subject=f"directory:{row.id}", institution=row.institution, detail=detail)
