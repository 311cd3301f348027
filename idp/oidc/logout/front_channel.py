"""OpenID Connect Front-Channel Logout 1.0: each app's own page in a frame, so that it can end what it keeps in this browser."""

from collections.abc import Callable
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.login.participants import Farewell
from idp.oidc.issuer import Issuer
from idp.oidc.tables import Grant, OidcClient


def farewells(issuers: dict[str, Issuer]) -> Callable[[Session, str], list[Farewell]]:
    """The pages of the apps that were signed in to from a session (§2, §3)."""

    def of_session(session: Session, sid: str) -> list[Farewell]:
        here = select(Grant.client_id).where(Grant.sid == sid).distinct().subquery()
        statement = select(OidcClient.app_id, OidcClient.issuer, OidcClient.client_metadata).join(
            here, here.c.client_id == OidcClient.app_id
        )
        found = []
        for app_id, issuer, metadata in session.execute(statement):
            uri = metadata.get("frontchannel_logout_uri")
            if uri is not None:
                # §2: which session of which issuer; an app that does not need to know passes it over.
                query = urlencode({"iss": issuers[issuer].url, "sid": sid})
                found.append(Farewell(app_id, f"{uri}{'&' if '?' in uri else '?'}{query}"))
        return found

    return of_session
