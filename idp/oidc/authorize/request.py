"""An authorization request, as far as the checks have come with it."""

from dataclasses import dataclass, field

from idp.oidc.clients import Client
from idp.oidc.issuer import Issuer


@dataclass
class AuthorizeRequest:
    """Parameters in, facts out: each check reads ``parameters`` and writes down what it has established."""

    issuer: Issuer
    parameters: dict[str, str]
    client: Client = field(init=False)
    redirect_uri: str = field(init=False)
    state: str | None = None
    response_mode: str = "query"
    scopes: tuple[str, ...] = ()
    code_challenge: str = ""
    nonce: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    level: int = 1
    login_hint: str | None = None
