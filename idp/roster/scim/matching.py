"""A filter applied to one value of a multi-valued attribute, for the paths of PATCH."""

from collections.abc import Callable, Mapping
from typing import Any

from idp.roster.scim.errors import InvalidFilter
from idp.roster.scim.filter import Comparison, Filter, Junction, Negation
from idp.roster.scim.schema import Attribute

_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "ne": lambda a, b: bool(a != b),
    "co": lambda a, b: b in a,
    "sw": lambda a, b: bool(a.startswith(b)),
    "ew": lambda a, b: bool(a.endswith(b)),
    "gt": lambda a, b: bool(a > b),
    "ge": lambda a, b: bool(a >= b),
    "lt": lambda a, b: bool(a < b),
    "le": lambda a, b: bool(a <= b),
}


def matches(attribute: Attribute, tree: Filter, item: Mapping[str, Any]) -> bool:
    """Whether ``item`` fulfils the filter. Raises :class:`InvalidFilter`."""
    if isinstance(tree, Junction):
        results = [matches(attribute, part, item) for part in tree.parts]
        return all(results) if tree.op == "and" else any(results)
    if isinstance(tree, Negation):
        return not matches(attribute, tree.inner, item)
    if not isinstance(tree, Comparison):
        raise InvalidFilter("Brackets do not stand in brackets.")
    part = attribute.find(tree.path)
    if part is None:
        raise InvalidFilter("There is no such attribute.")
    return _compares(part, tree, item.get(part.name))


def _compares(part: Attribute, one: Comparison, found: Any) -> bool:
    if one.op == "pr":
        return found is not None
    if found is None or one.value is None:
        # What is not there equals null, and a boolean that is not there is not true.
        equal = (found or None) == (one.value or None)
        return equal if one.op == "eq" else one.op == "ne" and not equal
    wanted = one.value
    if not isinstance(found, type(wanted)) or (isinstance(wanted, bool) and one.op not in ("eq", "ne")):
        raise InvalidFilter("A value is compared with one of its kind.")
    if isinstance(wanted, str) and not part.case_exact:
        return _TESTS[one.op](str(found).casefold(), wanted.casefold())
    return _TESTS[one.op](found, wanted)
