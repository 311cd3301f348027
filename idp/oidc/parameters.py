"""Parameters of a request: parsed once, strictly, before anybody looks at them."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from idp.i18n import N_
from idp.oidc.errors import InvalidRequest

MAX_PARAMETERS = 64
MAX_CHARACTERS = 8192
REPEATABLE = {"resource"}  # RFC 8707 §2
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def parse(text: bytes) -> dict[str, str]:
    """The parameters of an ``application/x-www-form-urlencoded`` text: a query string, or a body.

    The values of a parameter that may come more than once are joined by spaces, which none of them can hold.
    Raises :class:`InvalidRequest` for one that comes twice (RFC 6749 §3.1), too many, too long, bytes that are not UTF-8, and
    control characters. One without a value counts as left out (RFC 6749 §3.1).
    """
    if len(text) > MAX_PARAMETERS * MAX_CHARACTERS:
        raise InvalidRequest(N_("The request is too large."))
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise InvalidRequest(N_("The parameters are not form-encoded UTF-8, or there are too many.")) from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found and name in REPEATABLE and " " not in value:
            value = f"{found[name]} {value}"
        elif name in found:
            raise InvalidRequest(N_("A parameter was sent twice."), detail=name[:64])
        if len(value) > MAX_CHARACTERS or len(name) > 128 or _CONTROL.search(name + value):
            raise InvalidRequest(N_("A parameter is too long or has characters that it cannot have."), detail=name[:64])
        found[name] = value
    return {name: value for name, value in found.items() if value}


def required(parameters: Mapping[str, str], name: str) -> str:
    """The value of a parameter that must be there. Raises :class:`InvalidRequest`."""
    value = parameters.get(name)
    if value is None:
        raise InvalidRequest(N_("The parameter %(name)s is missing."), name=name)
    return value
