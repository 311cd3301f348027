"""``attributes`` and ``excludedAttributes`` (RFC 7644 §3.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.roster.scim.errors import InvalidValue
from idp.roster.scim.schema import COMMON, JSONObject, ResourceType, locate

MAX_NAMES = 100
_ALWAYS = ("schemas", *(one.name for one in COMMON if one.returned == "always"))


@dataclass(frozen=True)
class Projection:
    """Which attributes an answer shall hold. Names that mean nothing are passed over, as the specification's examples do."""

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.only and self.without:
            raise InvalidValue("'attributes' and 'excludedAttributes' exclude each other.")
        if len(self.only) + len(self.without) > MAX_NAMES:
            raise InvalidValue("Too many attributes are named.")

    def wants(self, kind: ResourceType, name: str) -> bool:
        """Whether the core attribute ``name`` will be in the answer at all."""
        named = {
            place.attribute.name for place in (locate(kind, one) for one in self.only or self.without) if place and not place.sub
        }
        if self.without:
            return name not in named
        return not self.only or any(place and place.attribute.name == name for place in (locate(kind, one) for one in self.only))

    def of(self, kind: ResourceType, resource: JSONObject) -> JSONObject:
        """The resource with what is wanted of it."""
        if not self.only and not self.without:
            return resource
        flat = _only(kind, resource, self.only) if self.only else _without(kind, resource, self.without)
        return {name: item for name, item in flat.items() if item not in ({}, [])}


def _only(kind: ResourceType, resource: JSONObject, names: tuple[str, ...]) -> JSONObject:
    found: JSONObject = {name: resource[name] for name in _ALWAYS if name in resource}
    for name in names:
        if kind.extension and name.casefold() == kind.extension.urn.casefold():
            found[kind.extension.urn] = resource.get(kind.extension.urn, {})
            continue
        place = locate(kind, name)
        source = resource.get(place.urn, {}) if place and place.urn else resource
        if place is None or place.attribute.name not in source:
            continue
        inside = found.setdefault(place.urn, {}) if place.urn else found
        item = source[place.attribute.name]
        if place.sub is None:
            inside[place.attribute.name] = item
        else:
            inside[place.attribute.name] = _part(item, inside.get(place.attribute.name), place.sub.name)
    return found


def _part(item: Any, before: Any, sub: str) -> Any:
    if isinstance(item, list):
        earlier = before or [{} for _ in item]
        return [{**had, **({sub: one[sub]} if sub in one else {})} for had, one in zip(earlier, item, strict=True)]
    return {**(before or {}), **({sub: item[sub]} if sub in item else {})}


def _without(kind: ResourceType, resource: JSONObject, names: tuple[str, ...]) -> JSONObject:
    found = {name: dict(item) if isinstance(item, Mapping) else item for name, item in resource.items()}
    for name in names:
        if kind.extension and name.casefold() == kind.extension.urn.casefold():
            found.pop(kind.extension.urn, None)
            continue
        place = locate(kind, name)
        if place is None or place.attribute.name in _ALWAYS:
            continue
        inside = found.get(place.urn, {}) if place.urn else found
        if place.sub is None:
            inside.pop(place.attribute.name, None)
        elif isinstance(item := inside.get(place.attribute.name), list):
            inside[place.attribute.name] = [{k: v for k, v in one.items() if k != place.sub.name} for one in item]
        elif isinstance(item, dict):
            inside[place.attribute.name] = {k: v for k, v in item.items() if k != place.sub.name}
    return found
