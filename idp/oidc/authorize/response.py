"""What is answered, and how it travels (OAuth 2.0 Multiple Response Type Encoding Practices, OAuth 2.0 Form Post Response Mode)."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

# Multiple Response Types §3, §5; the order of the words means nothing. `token` alone signs nobody in and is not offered.
RESPONSE_TYPES = ("code", "id_token", "id_token token", "code id_token", "code token", "code id_token token")
PLAIN_MODES = ("query", "fragment", "form_post")
RESPONSE_MODES = (*PLAIN_MODES, *(f"{name}.jwt" for name in PLAIN_MODES), "jwt")

THROUGH_THE_BROWSER = frozenset({"id_token", "token"})
"""Words of a response type that put a token into the answer itself."""


def words(response_type: str) -> frozenset[str]:
    """The words of a response type."""
    return frozenset(response_type.split(" "))


def named(types: frozenset[str]) -> str | None:
    """The response type of these words as we write it; ``None`` for one that does not exist."""
    return next((name for name in RESPONSE_TYPES if words(name) == types), None)


def mode(parameters: Mapping[str, str]) -> str:
    """How the answer to these parameters travels, whatever else is wrong with them: an error has to go back too.

    Multiple Response Types §5: tokens never go into a query, which servers write into their logs.
    """
    with_tokens = bool(words(parameters.get("response_type", "")) & THROUGH_THE_BROWSER)
    default = "fragment" if with_tokens else "query"
    given = parameters.get("response_mode")
    if given == "jwt":
        return f"{default}.jwt"  # JARM §2.3.4
    if given in RESPONSE_MODES and not (given.startswith("query") and with_tokens):
        return given
    return default


def address(redirect_uri: str, response_mode: str, answer: Mapping[str, str]) -> str:
    """Where the browser goes with an answer by ``query`` or ``fragment``."""
    text = urlencode(answer, quote_via=quote)
    if response_mode == "fragment":
        return f"{redirect_uri}#{text}"
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{text}"
