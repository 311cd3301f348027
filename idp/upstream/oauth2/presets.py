"""Descriptions that are shipped: a file for each platform, ``presets/<name>.toml``."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from idp.i18n import N_
from idp.upstream.errors import InvalidUpstream

FOLDER = Path(__file__).parent / "presets"


def names() -> list[str]:
    """Those there are."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def preset(name: str) -> dict[str, Any]:
    """A shipped description, still without the operator's values. Raises :class:`InvalidUpstream`."""
    if name not in names():
        raise InvalidUpstream(field="preset", reason=N_("this value does not exist here"))
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def read(path: Path) -> dict[str, Any]:
    """A description of the operator's own. Raises :class:`InvalidUpstream`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
        raise InvalidUpstream(field="description", reason=N_("it is no TOML file that can be read")) from None


def filled(description: Mapping[str, Any], values: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, Any]:
    """The description with the operator's values and fields above its own."""
    both = {name: {**description.get(name, {}), **own} for name, own in (("values", values), ("fields", fields))}
    return {**description, **both}
