"""What comes in, held against the table of attributes: names in their one spelling, types, allowed values."""

from collections.abc import Mapping
from typing import Any

from idp.roster.scim.errors import InvalidSyntax, InvalidValue
from idp.roster.scim.schema import COMMON, Attribute, JSONObject, ResourceType, Schema

MAX_VALUES = 10_000
MAX_CHARACTERS = 1000
_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "reference": (str,), "dateTime": (str,), "boolean": (bool,)}


def resource(kind: ResourceType, body: object) -> JSONObject:
    """A resource as its attributes that a client may set. Raises :class:`InvalidSyntax` or :class:`InvalidValue`.

    RFC 7644 §3.3: what is the provider's to set is passed over. So is what no schema of ours names: systems send the whole core
    schema, of which we keep a part. ``null`` and an empty list are no value (RFC 7643 §2.5).
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("A resource is a JSON object.")
    check_schemas(kind, body)
    found = _members((*COMMON, *kind.core.attributes), body)
    if kind.extension and (inner := _of_extension(kind.extension, body)):
        found[kind.extension.urn] = inner
    return found


def check_schemas(kind: ResourceType, body: JSONObject) -> None:
    """RFC 7643 §3: every resource says which schemas it follows. Raises :class:`InvalidSyntax`."""
    named = next((value for name, value in body.items() if name.casefold() == "schemas"), None)
    core = kind.core.urn.casefold()
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named) or core not in map(str.casefold, named):
        raise InvalidSyntax(f"'schemas' must name {kind.core.urn}.")


def require(kind: ResourceType, found: JSONObject, *, but: frozenset[str] = frozenset()) -> None:
    """Raises :class:`InvalidValue` where a required attribute is missing."""
    for urn, attribute in kind.top():
        inside = found.get(urn, {}) if urn else found
        if attribute.required and attribute.name not in inside and attribute.name not in but:
            raise InvalidValue(f"{attribute.name} is missing.")


def value(attribute: Attribute, given: object) -> Any:
    """A value of this attribute, ``None`` for none. Raises :class:`InvalidValue`, which does not repeat it."""
    if given is None or given == []:
        return None
    if not attribute.multi:
        return single(attribute, given)
    listed = given if isinstance(given, list) else [given]
    if len(listed) > MAX_VALUES:
        raise InvalidValue(f"{attribute.name} has too many values.")
    return [one for one in (single(attribute, item) for item in listed) if one] or None


def single(attribute: Attribute, given: object) -> Any:
    """One value of an attribute that may have many."""
    if attribute.type == "complex":
        if isinstance(given, str) and attribute.multi and attribute.find("value"):
            given = {"value": given}  # as some systems send one
        if not isinstance(given, dict):
            raise InvalidValue(f"{attribute.name} is an object.")
        found = _members(attribute.sub, given)
        missing = [one.name for one in attribute.sub if one.required and one.name not in found]
        if missing and attribute.multi:
            raise InvalidValue(f"{attribute.name}.{missing[0]} is missing.")
        return found or None
    if attribute.type == "boolean" and isinstance(given, str) and given.lower() in ("true", "false"):
        return given.lower() == "true"  # as Microsoft's service sends it
    if not isinstance(given, _TYPES[attribute.type]):
        raise InvalidValue(f"{attribute.name} is a {attribute.type}.")
    if isinstance(given, str) and (len(given) > MAX_CHARACTERS or "\x00" in given):
        raise InvalidValue(f"{attribute.name} is too long, or has a character that cannot be.")
    if attribute.closed and given not in attribute.canonical:
        raise InvalidValue(f"{attribute.name} is one of {', '.join(attribute.canonical)}.")
    return given


def _of_extension(schema: Schema, body: Mapping[str, object]) -> JSONObject:
    inner = next((item for name, item in body.items() if name.casefold() == schema.urn.casefold()), None)
    if inner is None:
        return {}
    if not isinstance(inner, dict):
        raise InvalidValue("An extension is an object.")
    return _members(schema.attributes, inner)


def _members(attributes: tuple[Attribute, ...], given: Mapping[str, object]) -> JSONObject:
    known = {one.name.casefold(): one for one in attributes if one.mutability != "readOnly"}
    found: JSONObject = {}
    for name, item in given.items():
        attribute = known.get(name.casefold())
        if attribute is None:
            continue
        if attribute.name in found:
            raise InvalidSyntax(f"{attribute.name} stands there twice.")
        kept = value(attribute, item)
        if kept is not None:
            found[attribute.name] = kept
    return found
