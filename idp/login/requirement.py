"""What a protocol needs of the sign-in, and whether a session meets it."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from idp.login.sessions import SignedIn


@dataclass(frozen=True)
class Requirement:
    """``level`` as in :mod:`idp.mfa.policy`; ``max_age`` in seconds; ``force`` asks again whatever is proven.

    ``app_name`` is shown; ``app_origin`` is where forms may end, for the content security policy; ``client_id`` is the app's.
    """

    level: int = 1
    max_age: int | None = None
    force: bool = False
    login_hint: str | None = None
    app_name: str | None = None
    app_origin: str | None = None
    client_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """For the flow's row."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Requirement":
        """From the flow's row."""
        return cls(**values)


def is_fresh(requirement: Requirement, signed_in: SignedIn, now: datetime) -> bool:
    """Whether what the session has proven counts for this requirement at all.

    OpenID Connect Core 1.0 §3.1.2.1: older than ``max_age`` seconds means asking again; ``prompt=login`` always does.
    """
    if requirement.force:
        return False
    return requirement.max_age is None or signed_in.auth_time + timedelta(seconds=requirement.max_age) >= now


def is_satisfied(requirement: Requirement, signed_in: SignedIn | None, now: datetime) -> bool:
    """Whether the session meets the requirement, so that nobody has to be asked."""
    return signed_in is not None and is_fresh(requirement, signed_in, now) and signed_in.level >= requirement.level
