"""OpenID Connect as a way in: to the provider with a request, back from it with a code, and from the code to a person."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from idp.crypto import base64url
from idp.crypto.errors import CryptoError, InvalidToken
from idp.crypto.jose import KeySet, jwt
from idp.crypto.jose.strict_json import read_object
from idp.upstream import arrival
from idp.upstream.arrival import Arrival
from idp.upstream.errors import AnswerRefused, SignInDeclined, UpstreamSilent
from idp.upstream.kinds import Asked, Departure, KindSettings, Upstream
from idp.upstream.oidc import id_token
from idp.upstream.oidc.client import OidcSettings, authenticated, with_query
from idp.upstream.oidc.discovery import Metadata, discover, keys
from idp.upstream.oidc.id_token import Expected
from idp.upstream.server import UpstreamServer, json_of

MAX_CODE = 4096
FIELDS = {"subject": "sub", "name": "name", "acr": "acr", "amr": "amr"}
FORM = "application/x-www-form-urlencoded"
# OpenID Connect Core 1.0 §3.1.2.6, RFC 6749 §4.1.2.1: the person or the provider did not want; anything else is a mistake.
DECLINED = ("access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required")


class OidcKind:
    """See :class:`idp.upstream.kinds.Kind`."""

    name: ClassVar[str] = "oidc"
    settings: ClassVar[type[KindSettings]] = OidcSettings
    needs_secret: ClassVar[bool] = False  # there are public clients
    state_parameter: ClassVar[str] = "state"

    def can_ask_anew(self, settings: OidcSettings) -> bool:  # noqa: ARG002
        """It can, and says when it was."""
        return True

    def depart(self, server: UpstreamServer, upstream: Upstream, asked: Asked) -> Departure:
        """An authorization request (§3.1.2.1) with state, nonce and an S256 challenge (RFC 7636)."""
        settings: OidcSettings = upstream.settings
        metadata = discover(server, upstream)
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
        memory = {"nonce": nonce, "code_verifier": verifier, "issuer": metadata.issuer}
        parameters = {
            **settings.parameters,
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": upstream.redirect_uri,
            "scope": settings.scope,
            "state": asked.state,
            "nonce": nonce,
            "code_challenge": base64url.encode(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        if settings.acr_values:
            parameters["acr_values"] = settings.acr_values
        if asked.anew:
            # max_age makes auth_time a duty of the provider's (§2), which is how we see that it did what prompt asks for.
            parameters |= {"prompt": "login", "max_age": "0"}
            memory["since"] = str(int(server.deployment.clock.now().timestamp()))
        return Departure(with_query(metadata.authorization_endpoint, parameters), memory)

    def arrive(self, server: UpstreamServer, upstream: Upstream, answer: Mapping[str, str], memory: Mapping[str, str]) -> Arrival:
        """The person behind the code."""
        metadata = discover(server, upstream)
        try:
            _check_answer(upstream, metadata, answer, memory)
            tokens = _exchange(server, upstream, metadata, answer["code"], memory)
            claims = _identity(server, upstream, metadata, tokens, memory)
        except CryptoError as error:
            raise AnswerRefused(provider=upstream.title, detail=getattr(error, "detail", None) or str(error)) from None
        fields = FIELDS | upstream.settings.fields | {"subject": "sub"}
        arrived = arrival.read(claims, fields)
        if arrived is None:
            raise AnswerRefused(provider=upstream.title, detail="sub")
        return arrived

    def check(self, server: UpstreamServer, upstream: Upstream) -> dict[str, Any]:
        """Its metadata and how many of its keys we can use."""
        metadata = discover(server, upstream)
        found = keys(server, upstream, metadata)
        usable = sorted({name for key in found.keys for name in key.algorithms} & set(upstream.settings.algorithms))
        if not usable:
            raise UpstreamSilent(provider=upstream.title, detail="keys: none for the algorithms that are accepted")
        endpoints = {name: getattr(metadata, name) for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")}
        return {"issuer": metadata.issuer, **endpoints, "algorithms": usable, "names_issuer": metadata.names_issuer}


def _check_answer(upstream: Upstream, metadata: Metadata, answer: Mapping[str, str], memory: Mapping[str, str]) -> None:
    # RFC 9207 §2.4: whoever answers is the one that was asked; without this an honest provider's code can be led to another.
    told = answer.get("iss")
    if memory.get("issuer") != metadata.issuer or (told is None and metadata.names_issuer) or (told not in (None, metadata.issuer)):
        raise InvalidToken(detail="iss of the answer")
    if "error" in answer:
        error = answer["error"]
        if error in DECLINED:
            raise SignInDeclined(provider=upstream.title, detail=error)
        raise InvalidToken(detail=f"error {error[:40]!r}")
    if not 0 < len(answer.get("code", "")) <= MAX_CODE:
        raise InvalidToken(detail="no code")


def _exchange(
    server: UpstreamServer, upstream: Upstream, metadata: Metadata, code: str, memory: Mapping[str, str]
) -> dict[str, Any]:
    """RFC 6749 §4.1.3, with the verifier of RFC 7636 §4.5."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": upstream.redirect_uri,
        "code_verifier": memory["code_verifier"],
    }
    form, headers = authenticated(upstream, metadata.token_endpoint, form, server.deployment.clock.now())
    fetched = server.post(upstream.title, metadata.token_endpoint, urlencode(form).encode(), FORM, headers=headers)
    tokens = json_of(upstream.title, fetched)
    if fetched.status >= 500:
        raise UpstreamSilent(provider=upstream.title, detail=f"token endpoint: status {fetched.status}")
    if fetched.status != 200 or not isinstance(tokens.get("id_token"), str):
        error = tokens.get("error")
        raise InvalidToken(detail=f"token endpoint: status {fetched.status}, error {str(error)[:40]!r}")
    return tokens


def _identity(
    server: UpstreamServer, upstream: Upstream, metadata: Metadata, tokens: Mapping[str, Any], memory: Mapping[str, str]
) -> dict[str, Any]:
    settings: OidcSettings = upstream.settings
    access_token = tokens.get("access_token")
    expected = Expected(
        metadata.issuer,
        settings.client_id,
        settings.algorithms,
        memory["nonce"],
        server.deployment.clock.now(),
        int(memory["since"]) if "since" in memory else None,
    )

    def known(again: bool) -> KeySet:
        return keys(server, upstream, metadata, again=again)

    bearer = access_token if isinstance(access_token, str) and access_token.isascii() else None
    claims = id_token.verify(tokens["id_token"], known, expected, bearer)
    if not settings.userinfo or not metadata.userinfo_endpoint or bearer is None:
        return dict(claims)
    told = _userinfo(server, upstream, metadata, bearer, known(False))
    id_token.check_userinfo(claims, told)
    # What is signed stands above what is not.
    return told | dict(claims)


def _userinfo(server: UpstreamServer, upstream: Upstream, metadata: Metadata, bearer: str, known: KeySet) -> dict[str, Any]:
    """§5.3: an object, or a token that holds one and is signed for us."""
    headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json, application/jwt"}
    fetched = server.get(upstream.title, metadata.userinfo_endpoint, headers)
    if fetched.status != 200:
        raise UpstreamSilent(provider=upstream.title, detail=f"UserInfo: status {fetched.status}")
    if fetched.body.lstrip()[:1] == b"{":
        return read_object(fetched.body)
    told = dict(jwt.decode(fetched.body.decode("ascii", "replace").strip(), known, algorithms=upstream.settings.algorithms).claims)
    audience = told.get("aud")
    # §5.3.2: signed, it names who says it and whom it is for.
    if told.get("iss") != metadata.issuer or upstream.settings.client_id not in (
        audience if isinstance(audience, list) else [audience]
    ):
        raise InvalidToken(detail="UserInfo is of or for somebody else")
    return told
