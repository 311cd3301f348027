"""PATCH (RFC 7644 §3.5.2): operations on a resource as it stands, giving the resource as it shall be."""

import copy
from typing import Any

from idp.roster.scim import values
from idp.roster.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget
from idp.roster.scim.filter import Comparison, Target, parse_path
from idp.roster.scim.matching import matches
from idp.roster.scim.schema import Attribute, JSONObject, Place, ResourceType, locate

URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MAX_OPERATIONS = 200


def apply(kind: ResourceType, before: JSONObject, body: object) -> JSONObject:
    """``before`` (attributes that a client may set) with every operation done, or an error and nothing done."""
    after = copy.deepcopy(before)
    for operation in _operations(body):
        op, path, given = _read(operation)
        if path is None:
            _without_path(kind, after, op, given)
        else:
            _at(kind, after, op, parse_path(path), given)
    return after


def _operations(body: object) -> list[object]:
    if not isinstance(body, dict):
        raise InvalidSyntax("A PATCH is a JSON object.")
    members = {name.casefold(): item for name, item in body.items()}
    schemas, operations = members.get("schemas"), members.get("operations")
    if not isinstance(schemas, list) or URN not in schemas:
        raise InvalidSyntax(f"'schemas' must name {URN}.")
    if not isinstance(operations, list) or not 0 < len(operations) <= MAX_OPERATIONS:
        raise InvalidSyntax(f"'Operations' is a list of 1 to {MAX_OPERATIONS}.")
    return operations


def _read(operation: object) -> tuple[str, str | None, object]:
    if not isinstance(operation, dict):
        raise InvalidSyntax("An operation is a JSON object.")
    members = {name.casefold(): item for name, item in operation.items()}
    op, path = members.get("op"), members.get("path")
    # Small letters in the specification; a large provider of identities sends capitals.
    word = op.lower() if isinstance(op, str) else ""
    if word not in ("add", "replace", "remove"):
        raise InvalidSyntax("'op' is add, replace or remove.")
    if path is not None and not isinstance(path, str):
        raise InvalidPath("A path is a string.")
    if word != "remove" and "value" not in members:
        raise InvalidValue("The operation has no value.")
    if word == "remove" and not path:
        raise NoTarget("What is removed needs a path.")  # §3.5.2.2
    return word, path or None, members.get("value")


def _without_path(kind: ResourceType, after: JSONObject, op: str, given: object) -> None:
    """§3.5.2.1, §3.5.2.3: the value is a set of attributes. Some systems write paths as their names."""
    if not isinstance(given, dict):
        raise InvalidValue("Without a path the value is an object of attributes.")
    for name, item in given.items():
        if name.casefold() in ("schemas", "id", "meta"):
            continue
        if kind.extension and name.casefold() == kind.extension.urn.casefold():
            if not isinstance(item, dict):
                raise InvalidValue("An extension is an object.")
            for inner, one in item.items():
                if inner.casefold() == "schemas":
                    continue
                _at(kind, after, op, parse_path(f"{kind.extension.urn}:{inner}"), one)
        else:
            _at(kind, after, op, parse_path(name), item)


def _at(kind: ResourceType, after: JSONObject, op: str, target: Target, given: object) -> None:
    if kind.extension and target.path.casefold() == kind.extension.urn.casefold():
        if op != "remove":
            return _without_path(kind, after, op, {kind.extension.urn: given})
        after.pop(kind.extension.urn, None)
        return None
    place = locate(kind, target.path)
    if place is None:
        raise InvalidPath("There is no such attribute.")
    if target.sub and (place.sub or place.attribute.find(target.sub) is None):
        raise InvalidPath("There is no such attribute.")
    if target.sub:
        place = Place(place.urn, place.attribute, place.attribute.find(target.sub))
    _check_mutable(place, op)
    inside = after.setdefault(place.urn, {}) if place.urn else after
    if place.attribute.multi and (target.which is not None or place.sub):
        _on_values(inside, op, place, target, given)
    else:
        _on_attribute(inside, op, place, given)
    if place.urn and not inside:
        del after[place.urn]
    return None


def _check_mutable(place: Place, op: str) -> None:
    for one in (place.attribute, place.leaf):
        if one.mutability == "readOnly":
            raise Mutability(f"{one.name} is not the client's to change.")
    if place.sub and place.sub.mutability == "immutable":
        raise Mutability(f"{place.sub.name} of a value does not change: remove the value, and add another.")
    if op == "remove" and place.leaf.required and not place.sub:
        raise Mutability(f"{place.leaf.name} is required.")


def _on_attribute(inside: JSONObject, op: str, place: Place, given: object) -> None:
    attribute, sub = place.attribute, place.sub
    if sub:
        parts = dict(inside.get(attribute.name, {}))
        _set(parts, sub, None if op == "remove" else values.value(sub, given))
        _set(inside, attribute, parts or None)
    elif op == "remove":
        _remove(inside, attribute, given)
    else:
        found = values.value(attribute, given)
        if attribute.type == "complex" and op == "add" and found is not None:
            found = _joined(attribute, inside.get(attribute.name), found)
        elif attribute.type == "complex" and not attribute.multi and found is not None:
            found = {**inside.get(attribute.name, {}), **found}  # §3.5.2.3: the parts that are named
        _set(inside, attribute, found)


def _remove(inside: JSONObject, attribute: Attribute, given: object) -> None:
    # The specification knows no value here; a large provider of identities names the members to be removed like this.
    if attribute.multi and isinstance(given, list) and given:
        doomed = [one.get("value") for one in values.value(attribute, given) or []]
        kept = [one for one in inside.get(attribute.name, []) if one.get("value") not in doomed]
        _set(inside, attribute, kept or None)
    else:
        inside.pop(attribute.name, None)


def _joined(attribute: Attribute, before: Any, added: Any) -> Any:
    if not attribute.multi:
        return {**(before or {}), **added}
    kept = list(before or [])
    known = {_key(one) for one in kept}
    for one in added:
        if one.get("primary"):
            kept = [{**other, "primary": False} if other.get("primary") else other for other in kept]
        if _key(one) not in known:  # §3.5.2.1: a value that is there already is not added
            known.add(_key(one))
            kept.append(one)
    return kept


def _on_values(inside: JSONObject, op: str, place: Place, target: Target, given: object) -> None:
    attribute, sub = place.attribute, place.sub
    items: list[JSONObject] = list(inside.get(attribute.name, []))
    chosen = [one for one in items if target.which is None or matches(attribute, target.which, one)]
    if not chosen and op != "remove" and (made := _made(attribute, target)) is not None:
        items.append(made)
        chosen = [made]
    if not chosen:
        raise NoTarget("Nothing there matches the path.")  # §3.5.2.3
    kept: list[JSONObject | None] = []
    for one in items:
        if not any(one is other for other in chosen):
            kept.append(one)
        elif sub:
            changed = dict(one)
            _set(changed, sub, None if op == "remove" else values.value(sub, given))
            kept.append(values.single(attribute, changed) if changed else None)
        elif op != "remove":
            new = given if op == "replace" else {**one, **given} if isinstance(given, dict) else given
            kept.append(values.single(attribute, new))
    _set(inside, attribute, [one for one in kept if one] or None)


def _made(attribute: Attribute, target: Target) -> JSONObject | None:
    """``emails[type eq "work"].value`` of somebody without one: the value that the filter describes, as systems expect it."""
    which = target.which
    if not target.sub or not isinstance(which, Comparison) or which.op != "eq":
        return None
    part = attribute.find(which.path)
    return {part.name: values.single(part, which.value)} if part and part.name != "value" and which.value is not None else None


def _set(inside: JSONObject, attribute: Attribute, found: Any) -> None:
    if found is None:
        inside.pop(attribute.name, None)
    else:
        inside[attribute.name] = found


def _key(one: JSONObject) -> tuple[Any, Any]:
    return one.get("value"), one.get("type")
