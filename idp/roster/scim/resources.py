"""What is done with resources of either kind (RFC 7644 §3.3 to §3.6), and when a change meets another (§3.14)."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto import sm3
from idp.roster.scim import conditions, group_resource, patch, users, values
from idp.roster.scim.conditions import Asking
from idp.roster.scim.errors import InvalidValue, PreconditionFailed
from idp.roster.scim.filter import parse
from idp.roster.scim.projection import Projection
from idp.roster.scim.reach import Reach
from idp.roster.scim.schema import JSONObject, ResourceType

LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
MAX_RESULTS = 200
DEFAULT_RESULTS = 100


class Kind(Protocol):
    """What ``users`` and ``group_resource`` both are."""

    kind: ResourceType
    table: Any
    by_id: Callable[[Session, str, str], Any]
    views: Callable[[Session, Reach, Sequence[Any], Projection], list[JSONObject]]
    writable: Callable[[Session, Reach, Any], JSONObject]
    create: Callable[[Transaction, Reach, JSONObject], Any]
    replace: Callable[[Transaction, Reach, Any, JSONObject], None]
    remove: Callable[[Transaction, Reach, Any], None]


KINDS: Mapping[str, Kind] = {one.kind.endpoint: one for one in (users, group_resource)}


@dataclass(frozen=True)
class Query:
    """What to look for (§3.4.2). ``in_address``: the question came in a URL."""

    filter: str | None = None
    sort_by: str | None = None
    descending: bool = False
    start_index: int = 1
    count: int = DEFAULT_RESULTS
    projection: Projection = field(default_factory=Projection)
    in_address: bool = True


def search(session: Session, reach: Reach, kind: Kind, query: Query) -> JSONObject:
    """A page of those that match (§3.4.2.4)."""
    table = kind.table
    asking = Asking(reach.institution, reach.vault, reach.today, query.in_address)
    which = [table.institution == reach.institution]
    if query.filter is not None:
        which.append(conditions.compile_filter(kind.kind, parse(query.filter), asking))
    total = session.scalar(select(func.count()).select_from(table).where(*which)) or 0
    found: list[JSONObject] = []
    if query.count > 0 and query.start_index <= total:
        statement = select(table).where(*which).order_by(*_order(kind, query), table.row_id)
        rows = session.scalars(statement.offset(query.start_index - 1).limit(query.count)).all()
        resources = zip(kind.views(session, reach, rows, query.projection), rows, strict=True)
        found = [query.projection.of(kind.kind, _versioned(one, row)) for one, row in resources]
    return {
        "schemas": [LIST_URN],
        "totalResults": total,
        "startIndex": query.start_index,
        "itemsPerPage": len(found),
        "Resources": found,
    }


def create(tx: Transaction, reach: Reach, kind: Kind, body: object) -> JSONObject:
    """§3.3."""
    row = kind.create(tx, reach, values.resource(kind.kind, body))
    return show(tx.session, reach, kind, row)


def enter(tx: Transaction, reach: Reach, kind: Kind, body: object) -> str:
    """The same where only the new ``id`` is wanted."""
    made: str = kind.create(tx, reach, values.resource(kind.kind, body)).id
    return made


def replace(tx: Transaction, reach: Reach, kind: Kind, resource_id: str, body: object, if_match: str = "") -> Any:
    """§3.5.1. Returns the row."""
    row = _current(tx, reach, kind, resource_id, if_match)
    kind.replace(tx, reach, row, values.resource(kind.kind, body))
    return row


def change(tx: Transaction, reach: Reach, kind: Kind, resource_id: str, body: object, if_match: str = "") -> Any:
    """§3.5.2: every operation, or none. Returns the row."""
    row = _current(tx, reach, kind, resource_id, if_match)
    before = kind.writable(tx.session, reach, row)
    after = patch.apply(kind.kind, before, body)
    if after != before:
        kind.replace(tx, reach, row, after)
    return row


def remove(tx: Transaction, reach: Reach, kind: Kind, resource_id: str, if_match: str = "") -> None:
    """§3.6."""
    kind.remove(tx, reach, _current(tx, reach, kind, resource_id, if_match))


def show(session: Session, reach: Reach, kind: Kind, row: Any) -> JSONObject:
    """A row as a resource, whole and with its version."""
    return _versioned(kind.views(session, reach, [row], Projection())[0], row)


def names_version(header: str, version: str) -> bool:
    """Whether a header of entity tags names this one (RFC 9110 §8.8.3.2, compared weakly)."""
    if not header:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or version.removeprefix("W/") in tags


def _current(tx: Transaction, reach: Reach, kind: Kind, resource_id: str, if_match: str) -> Any:
    tx.serialise()  # what is compared now is what is changed
    row = kind.by_id(tx.session, reach.institution, resource_id)
    if if_match and not names_version(if_match, show(tx.session, reach, kind, row)["meta"]["version"]):
        raise PreconditionFailed("Somebody has changed the resource meanwhile: read it again.")
    return row


def _versioned(resource: JSONObject, row: Any) -> JSONObject:
    # Over the contents too, because what a person is at a school may change by another way than this. Members are counted by
    # the row: a list of groups need not read them.
    contents = {name: item for name, item in resource.items() if name not in ("groups", "members")}
    text = json.dumps([row.version, contents], sort_keys=True, ensure_ascii=False)
    version = f'W/"{sm3.digest(text.encode()).hex()[:32]}"'
    return {**resource, "meta": {**resource["meta"], "version": version}}


def _order(kind: Kind, query: Query) -> list[Any]:
    if query.sort_by is None:
        return []
    column = conditions.sort_column(kind.kind, query.sort_by)
    return [column.desc() if query.descending else column.asc()]


def query_of(given: Mapping[str, object], *, in_address: bool) -> Query:
    """Parameters of a GET, or members of a search request (§3.4.3). Raises :class:`InvalidValue`."""
    order = _text(given, "sortOrder") or "ascending"
    if order.lower() not in ("ascending", "descending"):
        raise InvalidValue("sortOrder is ascending or descending.")
    return Query(
        filter=_text(given, "filter"),
        sort_by=_text(given, "sortBy"),
        descending=order.lower() == "descending",
        start_index=max(_number(given, "startIndex", 1), 1),  # §3.4.2.4: less than 1 is 1
        count=min(max(_number(given, "count", DEFAULT_RESULTS), 0), MAX_RESULTS),
        projection=projection_of(given),
        in_address=in_address,
    )


def projection_of(given: Mapping[str, object]) -> Projection:
    """``attributes`` and ``excludedAttributes``."""
    return Projection(_names(given, "attributes"), _names(given, "excludedAttributes"))


def _text(given: Mapping[str, object], name: str) -> str | None:
    found = given.get(name)
    if found is not None and not isinstance(found, str):
        raise InvalidValue(f"{name} is a string.")
    return found or None


def _number(given: Mapping[str, object], name: str, default: int) -> int:
    found = given.get(name, default)
    if isinstance(found, str) and found.lstrip("-").isascii() and found.lstrip("-").isdigit() and len(found) <= 9:
        return int(found)
    if not isinstance(found, int) or isinstance(found, bool):
        raise InvalidValue(f"{name} is a whole number.")
    return min(found, 10**9)


def _names(given: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = given.get(name)
    if found is None:
        return ()
    listed = found.split(",") if isinstance(found, str) else found
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise InvalidValue(f"{name} is a list of names.")
    return tuple(one.strip() for one in listed if one.strip())
