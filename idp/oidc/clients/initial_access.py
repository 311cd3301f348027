"""Initial access tokens: the right to register apps for an institution (RFC 7591 §1.2, §3)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from idp.apps.errors import InvalidRegistration
from idp.audit import Action, Transaction
from idp.database.compare_and_set import compare_and_set
from idp.i18n import N_
from idp.oidc.errors import InvalidAccessToken
from idp.oidc.tables import InitialAccessToken
from idp.oidc.token_hash import digest, new_token
from idp.registry import institutions
from idp.release.scopes import SCOPES


@dataclass(frozen=True)
class Right:
    """For whom apps may be registered, and what they may have."""

    owner: str
    scopes: tuple[str, ...]


def issue(tx: Transaction, owner: str, scopes: Collection[str], *, uses: int, lifetime: timedelta) -> str:
    """A token for ``uses`` registrations. Raises ``NoSuchInstitution``, or :class:`InvalidRegistration`."""
    institution = institutions.by_code(tx.session, owner)
    if not set(scopes) <= set(SCOPES) or uses < 1:
        raise InvalidRegistration(reason=N_("this value does not exist here"), field="scope")
    text = new_token()
    row = InitialAccessToken(token_hash=digest(text), owner=institution.code, scopes=sorted(scopes), uses_left=uses)
    row.expires_at = tx.now + lifetime
    tx.session.add(row)
    detail = {"uses": uses, "scopes": sorted(scopes)}
    tx.record(Action.REGISTRATION_ALLOWED, subject=f"institution:{owner}", institution=owner, detail=detail)
    return text


def spend(tx: Transaction, text: str) -> Right:
    """Takes one use off the token. Raises :class:`InvalidAccessToken`."""
    spending = (
        update(InitialAccessToken)
        .where(
            InitialAccessToken.token_hash == digest(text), InitialAccessToken.uses_left > 0, InitialAccessToken.expires_at > tx.now
        )
        .values(uses_left=InitialAccessToken.uses_left - 1)
    )
    if not compare_and_set(tx.session, spending):
        raise InvalidAccessToken(detail="initial access token")
    row = tx.session.get_one(InitialAccessToken, digest(text))
    return Right(row.owner, tuple(row.scopes))
