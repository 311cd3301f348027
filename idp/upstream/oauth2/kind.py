"""A platform by its description as a way in."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from idp.crypto import base64url
from idp.upstream import arrival
from idp.upstream.arrival import Arrival
from idp.upstream.errors import AnswerRefused, SignInDeclined, UpstreamSilent
from idp.upstream.kinds import Asked, Departure, KindSettings, Upstream
from idp.upstream.oauth2.calls import run
from idp.upstream.oauth2.description import Authorize, Description
from idp.upstream.oauth2.templates import fill, fill_address
from idp.upstream.oidc.client import with_query
from idp.upstream.server import UpstreamServer

MAX_CODE = 4096


class OAuth2Kind:
    """See :class:`idp.upstream.kinds.Kind`."""

    name: ClassVar[str] = "oauth2"
    settings: ClassVar[type[KindSettings]] = Description
    needs_secret: ClassVar[bool] = True
    state_parameter: ClassVar[str] = "state"

    def can_ask_anew(self, settings: Description) -> bool:
        """Where every way has parameters for it."""
        return all(way.anew for way in settings.authorize)

    def depart(self, server: UpstreamServer, upstream: Upstream, asked: Asked) -> Departure:  # noqa: ARG002
        """The platform's authorization address, in its own words."""
        settings: Description = upstream.settings
        way = way_for(settings, asked.user_agent)
        verifier = secrets.token_urlsafe(48)
        redirect_uri = upstream.redirect_uri
        if settings.state_in_address:
            redirect_uri = with_query(redirect_uri, {self.state_parameter: asked.state})
        values = settings.resolved | {
            "redirect_uri": redirect_uri,
            "state": asked.state,
            "scope": settings.scope,
            "code_challenge": base64url.encode(hashlib.sha256(verifier.encode()).digest()),
        }
        query = way.query | (way.anew if asked.anew else {})
        url = with_query(
            fill_address(way.url, values, settings.resolved), {name: fill(text, values) for name, text in query.items()}
        )
        url += f"#{fill(way.fragment, values)}" if way.fragment else ""
        if urlsplit(url).scheme not in ("https", "http"):
            raise UpstreamSilent(provider=upstream.title, detail="the authorization address is none")
        return Departure(url, {"redirect_uri": redirect_uri, "code_verifier": verifier})

    def arrive(self, server: UpstreamServer, upstream: Upstream, answer: Mapping[str, str], memory: Mapping[str, str]) -> Arrival:
        """Who the platform says has come."""
        settings: Description = upstream.settings
        code = answer.get(settings.code, "")
        if "error" in answer or not code:
            raise SignInDeclined(provider=upstream.title, detail=answer.get("error", "no code")[:40])
        if len(code) > MAX_CODE:
            raise AnswerRefused(provider=upstream.title, detail="code")
        given = {
            "code": code,
            "redirect_uri": memory["redirect_uri"],
            "code_verifier": memory["code_verifier"],
            "client_secret": upstream.secrets.get("client_secret", ""),
            "scope": settings.scope,
            "state": answer.get("state", ""),
        }
        taken = run(server, upstream, given)
        claims: dict[str, Any] = {name: list(texts) for name, texts in taken.items()}
        arrived = arrival.read(claims, settings.fields)
        if arrived is None:
            raise AnswerRefused(provider=upstream.title, detail="nobody: the platform knows no member of ours by this account")
        return arrived

    def check(self, server: UpstreamServer, upstream: Upstream) -> dict[str, Any]:
        """Asks for what needs no person, such as the app's own token, and tells where people would be sent."""
        settings: Description = upstream.settings
        first = settings.call[0]
        asked = False
        if first.is_kept:
            server.kept.clear()
            alone = settings.model_copy(update={"call": (first,), "decrypt": ()})
            run(server, Upstream(upstream.slug, upstream.title, alone, upstream.redirect_uri, upstream.secrets), upstream.secrets)
            asked = True
        return {"authorization_endpoint": [way.url for way in settings.authorize], "accepts_our_secret": asked or None}


def way_for(settings: Description, user_agent: str) -> Authorize:
    """The first way that is for this browser."""
    return next(way for way in settings.authorize if way.browser.casefold() in user_agent.casefold())
