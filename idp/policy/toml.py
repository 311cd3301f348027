"""The policy as a file that people read, write and keep under version control.

``[[rule]]`` for each rule, ``[risk]`` with a line or a table for each signal, ``[[place]]`` for each part of the net.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from idp.clock import BEIJING
from idp.i18n import N_
from idp.policy.document import Policy, read
from idp.policy.errors import InvalidPolicy

_PARTS = {"rule": "rules", "risk": "risk", "place": "places"}
MAX_CHARACTERS = 2_000_000


def from_toml(text: str) -> Policy:
    """Raises :class:`InvalidPolicy` for what is no TOML, for a part that there is not, and for a wrong one."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidPolicy(where="file", reason=N_("it is too long"))
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidPolicy(where="file", reason=str(error)) from None
    for name in values:
        if name not in _PARTS:
            raise InvalidPolicy(where=name, reason=N_("there is no such part"))
    for number, rule in enumerate(_list(values, "rule"), 1):
        if isinstance(rule, dict) and "since" in rule:
            raise InvalidPolicy(where=f"rules {number} since", reason=N_("there is no such part"))
    parts: dict[str, Any] = {_PARTS[name]: part for name, part in values.items()}
    if isinstance(parts.get("risk"), dict):
        parts["risk"] = {name: {"mode": part} if isinstance(part, str) else part for name, part in parts["risk"].items()}
    return read(parts)


def to_toml(policy: Policy) -> str:
    """The file that :func:`from_toml` reads as this policy."""
    blocks = [_block("[[rule]]", rule, "since") for rule in policy.rules]
    blocks += [_block(f"[risk.{signal}]", look) for signal, look in policy.risk.items()]
    blocks += [_block("[[place]]", place) for place in policy.places]
    return "\n".join(blocks)


def _block(title: str, part: BaseModel, *but: str) -> str:
    return "\n".join((title, *_lines(part, but))) + "\n"


def _lines(part: BaseModel, but: tuple[str, ...]) -> Iterator[str]:
    for name, info in type(part).model_fields.items():
        value = getattr(part, name)
        if name not in but and value != info.default:
            yield f"{name} = {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, datetime):
        there = value.astimezone(BEIJING)
        return f"{there:%Y-%m-%d}" if not (there.hour or there.minute or there.second) else f"{there:%Y-%m-%dT%H:%M:%S}"
    if isinstance(value, tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, StrEnum | str):
        # Every JSON string without the escape of DEL and of surrogate pairs is a basic string of TOML too.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def _list(values: Mapping[str, Any], name: str) -> list[Any]:
    part = values.get(name, [])
    return part if isinstance(part, list) else []
