"""The certificates of token keys, as the key set shows them: ``x5c`` (RFC 7517 §4.7).

Whoever certifies says which chain a key has; what stands in it is not looked at here.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.crypto import base64url
from idp.crypto.jose.algorithms import SM2_ALGORITHM
from idp.keys.errors import NoSuchKey
from idp.keys.states import Purpose, is_published
from idp.keys.tables import Key


def certifiable(session: Session, now: datetime, longest_token: timedelta) -> list[Key]:
    """The published token keys of SM2, oldest first."""
    mine = select(Key).where(Key.purpose == Purpose.TOKEN.value, Key.algorithm == SM2_ALGORITHM, Key.withdrawn_at.is_(None))
    return [row for row in session.scalars(mine.order_by(Key.created_at, Key.kid)) if is_published(row, now, longest_token)]


def by_id(session: Session, kid: str) -> Key:
    """A token key of SM2. Raises :class:`NoSuchKey`."""
    key = session.get(Key, kid)
    if key is None or key.purpose != Purpose.TOKEN or key.algorithm != SM2_ALGORITHM or key.withdrawn_at is not None:
        raise NoSuchKey(key_id=kid[:64])
    return key


def point_of(key: Key) -> bytes:
    """x‖y of a key's public half."""
    jwk = key.public_jwk or {}
    return base64url.decode(str(jwk["x"])) + base64url.decode(str(jwk["y"]))


def chain_of(key: Key) -> list[bytes]:
    """The certificates that are shown for it, its own first; none where it has no chain."""
    return certificates_in(key.public_jwk or {})


def certificates_in(jwk: Mapping[str, Any]) -> list[bytes]:
    """The certificates in a JWK's ``x5c``, the key's own first, each DER; none where they cannot be read."""
    try:
        return [base64.b64decode(one, validate=True) for one in jwk.get("x5c", [])]
    except (binascii.Error, TypeError, ValueError):
        return []


def show(tx: Transaction, key: Key, chain: Sequence[bytes]) -> bool:
    """Puts ``chain`` into the key set, in place of what stood there; an empty one takes it out. Returns whether that changed it."""
    if list(chain) == chain_of(key):
        return False
    bare = {name: value for name, value in (key.public_jwk or {}).items() if name != "x5c"}
    # RFC 7517 §4.7: base64, not base64url; the key's own certificate first, each certifying the one before.
    key.public_jwk = bare | ({"x5c": [base64.b64encode(one).decode() for one in chain]} if chain else {})
    tx.session.flush()
    tx.record(
        Action.KEY_CHAIN_ATTACHED if chain else Action.KEY_CHAIN_DETACHED,
        subject=f"key:{key.kid}",
        detail={"certificates": len(chain)},
    )
    return True
