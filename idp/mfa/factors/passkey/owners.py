"""The handle of a person inside their authenticators."""

import secrets

from sqlalchemy.exc import IntegrityError

from idp.audit import Transaction
from idp.crypto import base64url
from idp.mfa.factors.passkey.tables import PasskeyOwner

HANDLE_BYTES = 64  # WebAuthn §14.6.1: 64 random bytes, and nothing in it that tells who the person is


def user_handle(tx: Transaction, person_id: int) -> str:
    """The person's own, in base64url, made at the first passkey and the same for all: an authenticator tells people by it."""
    row = tx.session.get(PasskeyOwner, person_id)
    if row is not None:
        return row.user_handle
    made = PasskeyOwner(person_id=person_id, user_handle=base64url.encode(secrets.token_bytes(HANDLE_BYTES)))
    try:
        with tx.savepoint():
            tx.session.add(made)
            tx.session.flush()
    except IntegrityError:  # another page of the same person was first
        return tx.session.get_one(PasskeyOwner, person_id, populate_existing=True).user_handle
    return made.user_handle
