"""JSON read strictly: an object, in UTF-8, each member once."""

import json
from typing import Any, NoReturn

from idp.crypto.errors import InvalidEncoding


def read_object(data: bytes) -> dict[str, Any]:
    """The object in ``data``. Raises :class:`InvalidEncoding`.

    RFC 8725 §2.4 and RFC 7515 §4: of two members with one name, two readers may each take another; neither is what was meant.
    """
    value = _read(data)
    if not isinstance(value, dict):
        raise InvalidEncoding
    return value


def read_strings(data: bytes) -> list[str]:
    """The array of strings in ``data``. Raises :class:`InvalidEncoding`."""
    value = _read(data)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidEncoding
    return value


def read_array(data: bytes) -> list[Any]:
    """The array in ``data``. Raises :class:`InvalidEncoding`."""
    value = _read(data)
    if not isinstance(value, list):
        raise InvalidEncoding
    return value


def _read(data: bytes) -> Any:
    try:
        return json.loads(data.decode(), object_pairs_hook=_each_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidEncoding from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
