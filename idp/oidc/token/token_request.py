"""What a grant module gets to see of a request to the token endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.oidc.possession.confirmation import Confirmation


@dataclass(frozen=True)
class TokenRequest:
    """``parameters`` as parsed; the client's ``address``; ``cnf``, what the tokens are to be bound to, if anything."""

    parameters: Mapping[str, str]
    address: str | None
    cnf: Confirmation | None = None
