"""An authorization request, as far as the checks have come with it."""

from dataclasses import dataclass, field
from typing import Any

from idp.oidc.authorize import response
from idp.oidc.claims_request import ClaimsRequest
from idp.oidc.clients.client import Client
from idp.oidc.issuer import Issuer
from idp.oidc.provider import Provider


@dataclass
class AuthorizeRequest:
    """Parameters in, facts out: each check reads ``parameters`` and writes down what it has established."""

    provider: Provider
    issuer: Issuer
    parameters: dict[str, str]
    client: Client = field(init=False)
    redirect_uri: str = field(init=False)
    state: str | None = None
    response_mode: str = field(init=False)
    response_types: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()
    code_challenge: str = ""
    nonce: str | None = None
    dpop_jkt: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    levels: tuple[int, ...] = ()
    login_hint: str | None = None
    claims: ClaimsRequest = field(default_factory=ClaimsRequest)
    subjects: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    authorization_details: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """How an answer travels has to be known before anything can go wrong."""
        self.response_mode = response.mode(self.parameters)

    @property
    def consent_scopes(self) -> tuple[str, ...]:
        """What the person has to agree to: the scopes, and those of claims asked for by name."""
        return tuple(dict.fromkeys((*self.scopes, *self.claims.scopes())))
