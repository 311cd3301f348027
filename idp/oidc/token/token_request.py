"""What a grant module gets to see of a request to the token endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TokenRequest:
    """``parameters`` as parsed; the client's ``address``; ``jkt``, the key that the tokens are to be bound to, if any."""

    parameters: Mapping[str, str]
    address: str | None
    jkt: str | None = None
