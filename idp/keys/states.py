"""The state of a key, from its times alone.

A signing key is published before it is used and after: an app that keeps our key set for an hour must find in it every key
that a token it meets may be signed with. So nothing has to happen at the moment a key changes state, and every worker agrees.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

TOKEN_ALGORITHMS = {"sm": ("SGD_SM3_SM2",), "intl": ("RS256", "ES256", "PS256")}

# Our policy: for how much longer than its last token lives a key is published. A server may sign with it for some seconds after it
# is retired, and clocks differ.
SLACK = timedelta(minutes=5)

# What signs SAML messages: an RSA key of its own, with a certificate of its own making, because SAML's metadata names keys so.
SAML_ALGORITHM = "SAML-RS256"

# Which keys are published together.
KEY_SETS = {**TOKEN_ALGORITHMS, "saml": (SAML_ALGORITHM,)}


class Purpose(StrEnum):
    """What a key is for. Only ``TOKEN`` keys have a public half.

    ``SEAL`` is for people's secrets, ``AUTHORITY`` for the private keys of certificate authorities and their services.
    """

    TOKEN = "token"
    SEAL = "seal"
    AUTHORITY = "ca"
    INDEX = "index"
    PASSWORD = "password"
    SUBJECT = "subject"
    AUDIT = "audit"
    WEB = "web"


class State(StrEnum):
    """``next``: published, not used yet. ``active``: signs. ``retired``: verifies only. ``withdrawn``: gone."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"
    WITHDRAWN = "withdrawn"


class Timed(Protocol):
    """The times a key's state follows from."""

    activated_at: datetime | None
    retired_at: datetime | None
    withdrawn_at: datetime | None


def state(key: Timed, now: datetime) -> State:
    """The state of ``key`` at the moment ``now``."""
    if key.withdrawn_at is not None and key.withdrawn_at <= now:
        return State.WITHDRAWN
    if key.activated_at is None or key.activated_at > now:
        return State.NEXT
    if key.retired_at is not None and key.retired_at <= now:
        return State.RETIRED
    return State.ACTIVE


def is_published(key: Timed, now: datetime, longest_token: timedelta) -> bool:
    """Whether the public half belongs in the key set: until the last token signed with it has expired everywhere."""
    if state(key, now) is State.RETIRED:
        return key.retired_at is not None and now < key.retired_at + longest_token + SLACK
    return state(key, now) is not State.WITHDRAWN
