"""OpenID Connect Session Management 1.0: what a frame of an app can ask a frame of ours, without any of them calling us.

The browser keeps a state that changes with every sign-in and is gone after the sign-out; an app gets a salted digest of it.
Browsers that keep cookies apart for each site (all of them, by and by) answer *changed* to apps of other sites.
"""

import secrets
from hashlib import sha256

from idp.crypto import base64url
from idp.web.headers import origin_of

FRAME = "session"
"""The endpoint of our frame."""


def session_state(state: str, client_id: str, redirect_uri: str) -> str:
    """The parameter of an answer (§2): ``SHA-256(client_id origin state salt).salt``, in base64url, as our frame computes it."""
    salt = secrets.token_urlsafe(9)
    text = " ".join((client_id, origin_of(redirect_uri), state, salt))
    return f"{base64url.encode(sha256(text.encode()).digest())}.{salt}"
