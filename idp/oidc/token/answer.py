"""The answer of the token endpoint (RFC 6749 §5.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TokenAnswer:
    """What a grant gives. The representation shows no token."""

    access_token: str = field(repr=False)
    expires_in: int
    scope: str
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    token_type: str = "Bearer"
    details: Sequence[Mapping[str, Any]] = ()
    issued_token_type: str | None = None

    def to_json(self) -> dict[str, object]:
        """The members that are there."""
        members = {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
            "scope": self.scope,
            "id_token": self.id_token,
            "refresh_token": self.refresh_token,
            "authorization_details": list(self.details) or None,
            "issued_token_type": self.issued_token_type,
        }
        return {name: value for name, value in members.items() if value is not None}
