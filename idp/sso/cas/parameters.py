"""Parameters of a request: parsed once, strictly, before anybody looks at them."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from idp.sso.cas.errors import InvalidRequest
from idp.web.machine import MachineRequest

MAX_PARAMETERS = 32
MAX_CHARACTERS = 4096
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def parse(text: bytes) -> dict[str, str]:
    """The parameters of a form-encoded text: a query string, or a body. One without a value counts as left out.

    Names are case-sensitive (§2.1.1). Raises :class:`InvalidRequest` for one that comes twice, too many, too long, bytes that are
    not UTF-8, and control characters: two readers must not see two services.
    """
    if len(text) > MAX_PARAMETERS * MAX_CHARACTERS:
        raise InvalidRequest(detail="too large")
    try:
        pairs = parse_qsl(text.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise InvalidRequest(detail="not form-encoded UTF-8, or too many") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found or len(value) > MAX_CHARACTERS or len(name) > 128 or _CONTROL.search(name + value):
            raise InvalidRequest(detail=f"parameter {name[:64]!r}")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def of_request(request: MachineRequest) -> dict[str, str]:
    """Those of a program's request: of its query by GET, of its form by POST."""
    return parse(request.body if request.method == "POST" and request.is_form else request.query)


def required(parameters: Mapping[str, str], name: str) -> str:
    """The value of a parameter that must be there. Raises :class:`InvalidRequest`."""
    value = parameters.get(name)
    if value is None:
        raise InvalidRequest(detail=f"{name} is missing")
    return value
