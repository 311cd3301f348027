"""What an assertion says about itself (RFC 7523 §3): from this app, for this issuer, fresh, and used once."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from idp.oidc.clients.client import Client
from idp.oidc.errors import InvalidClient
from idp.oidc.issuer import Issuer
from idp.oidc.provider import Provider
from idp.oidc.tables import ClientAssertion
from idp.oidc.token_hash import digest

LONGEST = timedelta(minutes=10)
LEEWAY = timedelta(seconds=30)
_JTI = re.compile(r"[\x21-\x7e]{1,255}\Z")


def check(provider: Provider, issuer: Issuer, client: Client, claims: Mapping[str, object]) -> None:
    """Raises :class:`InvalidClient`. The signature and the subject are the caller's matter."""
    if claims.get("iss") != client.id:
        raise InvalidClient(detail="iss of an assertion is the client")
    audiences = claims.get("aud")
    # FAPI 2.0 §5.3.2.1: the issuer's name alone, as a string. RFC 9126 §2 and CIBA Core 1.0 §7.1 allow the addresses too.
    strict = client.policy.profile == "fapi2"
    accepted = {issuer.url} if strict else {issuer.url, *map(issuer.endpoint, ("token", "par", "bc-authorize"))}
    if not accepted & set(audiences if isinstance(audiences, list) and not strict else [str(audiences)]):
        raise InvalidClient(detail="aud of the assertion is not this issuer")
    _spend(provider, client, claims)


def _spend(provider: Provider, client: Client, claims: Mapping[str, object]) -> None:
    """RFC 7523 §3: it has not expired, does not last long, and works once."""
    now = provider.deployment.clock.now()
    exp, jti = claims.get("exp"), claims.get("jti")
    if not isinstance(exp, int | float) or not isinstance(jti, str) or not _JTI.match(jti):
        raise InvalidClient(detail="an assertion needs exp and jti")
    if not now - LEEWAY < (expires := _moment(exp)) <= now + LONGEST + LEEWAY:
        raise InvalidClient(detail="the assertion has expired, or lasts too long")
    try:
        with provider.deployment.database.engine.begin() as connection:
            connection.execute(insert(ClientAssertion).values(id=digest(f"{client.id}\x00{jti}"), expires_at=expires + LEEWAY))
    except IntegrityError:
        raise InvalidClient(detail=f"assertion of {client.id} used twice") from None


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise InvalidClient(detail="exp is not a time") from None
