"""Bulk (RFC 7644 §3.7): many operations in one request, each by itself, kept in small transactions.

Killed in the middle, the first ones stay; the same request again finds them there and says so. Small, because every recorded change
of the installation waits for one that is under way.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from idp.audit import Actor, Transaction
from idp.errors import YimaError
from idp.roster.scim import errors, resources, users
from idp.roster.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, ScimError, TooLarge
from idp.roster.scim.reach import Reach
from idp.roster.scim.schema import JSONObject
from idp.roster.scim.service import Service

URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ANSWER_URN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
MAX_OPERATIONS = 1000
MAX_DEPTH = 20
BATCH = 50
REFERENCE = "bulkId:"
_STATUS = {"POST": "201", "PUT": "200", "PATCH": "200", "DELETE": "204"}


class Unresolved(ScimError):
    """An operation names a ``bulkId`` that no operation before or after it has made (§3.7.2)."""

    status = 409
    scim_type = "invalidValue"


@dataclass(frozen=True)
class Operation:
    """One of them, read."""

    method: str
    endpoint: str
    resource_id: str
    bulk_id: str | None
    version: str
    data: Any

    @property
    def references(self) -> set[str]:
        """The ``bulkId`` values it needs."""
        return set(_references((self.data, self.resource_id), 0))


@dataclass
class Bulk:
    """A request under way: what was made under which ``bulkId``, the answers by their place, and how many failed."""

    made: dict[str, str] = field(default_factory=dict)
    answers: dict[int, JSONObject] = field(default_factory=dict)
    failed: int = 0


def run(service: Service, reach: Reach, actor: Actor, body: object) -> JSONObject:
    """Every operation in its order, those that refer to a later one after it; the answers in the order of the request."""
    raw, fail_on_errors = _read(body)
    bulk = Bulk()
    waiting = list(enumerate(raw))
    while waiting:
        # What refers to an operation still to come waits for the next round; a round without progress is the last.
        later: list[tuple[int, object]] = []
        pending = {one.get("bulkId") for _, one in waiting if isinstance(one, dict)}
        before = len(waiting)
        for start in range(0, len(waiting), BATCH):
            with service.deployment.transaction(actor) as tx:
                tx.serialise()
                some = waiting[start : start + BATCH]
                if fail_on_errors > len(raw):
                    _together(tx, reach, bulk, some)
                for place, one in some:
                    if place in bulk.answers:
                        continue
                    if bulk.failed < fail_on_errors and not _try(tx, reach, bulk, place, one, pending):
                        later.append((place, one))
        waiting = later
        if len(waiting) == before or bulk.failed >= fail_on_errors:
            break
    for place, one in waiting if bulk.failed < fail_on_errors else ():
        _refuse(bulk, place, one, Unresolved("A bulkId that it refers to was not made."))
    return {"schemas": [ANSWER_URN], "Operations": [bulk.answers[place] for place in sorted(bulk.answers)]}


def _together(tx: Transaction, reach: Reach, bulk: Bulk, some: list[tuple[int, object]]) -> None:
    """New users and nothing else, as a system sends them the first time: those that are certainly right go in together."""
    try:
        operations = [_operation(one) for _place, one in some]
        if not all(one.method == "POST" and one.endpoint == users.kind.endpoint and not one.references for one in operations):
            return
        with tx.savepoint():
            made = users.create_many(tx, reach, [one.data for one in operations])
    except YimaError:
        return  # each by itself says what is wrong with it
    for (place, one), operation, resource_id in zip(some, operations, made, strict=True):
        if resource_id is not None:
            _done(reach, bulk, place, one, operation, resource_id)


def _read(body: object) -> tuple[list[object], int]:
    if not isinstance(body, dict):
        raise InvalidSyntax("A bulk request is a JSON object.")
    schemas, operations, limit = body.get("schemas"), body.get("Operations"), body.get("failOnErrors")
    if not isinstance(schemas, list) or URN not in schemas:
        raise InvalidSyntax(f"'schemas' must name {URN}.")
    if not isinstance(operations, list):
        raise InvalidSyntax("'Operations' is a list.")
    if len(operations) > MAX_OPERATIONS:
        raise TooLarge(f"A bulk request has at most {MAX_OPERATIONS} operations.")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise InvalidValue("failOnErrors is a whole number above 0.")
    names = [one.get("bulkId") for one in operations if isinstance(one, dict) and one.get("bulkId") is not None]
    if len({str(name) for name in names}) != len(names):
        raise InvalidValue("A bulkId stands there twice.")
    return operations, limit or len(operations) + 1


def _try(tx: Transaction, reach: Reach, bulk: Bulk, place: int, one: object, pending: set[Any]) -> bool:
    """Does one operation; ``False`` if it has to wait for another."""
    try:
        operation = _operation(one)
        missing = operation.references - set(bulk.made)
        if missing & (pending - {operation.bulk_id}) and not any(_is_over(bulk, name) for name in missing):
            return False
        if missing:
            raise Unresolved("A bulkId that it refers to was not made.")
        with tx.savepoint():
            resource_id = _do(tx, reach, operation, bulk.made)
    except YimaError as error:
        _refuse(bulk, place, one, error)
        return True
    _done(reach, bulk, place, one, operation, resource_id)
    return True


def _done(reach: Reach, bulk: Bulk, place: int, one: object, operation: Operation, resource_id: str) -> None:
    if operation.bulk_id:
        bulk.made[operation.bulk_id] = resource_id
    location = reach.location(resources.KINDS[operation.endpoint].kind, resource_id)
    bulk.answers[place] = _answer(one, _STATUS[operation.method], location)


def _is_over(bulk: Bulk, name: str) -> bool:
    return any(answer.get("bulkId") == name for answer in bulk.answers.values())


def _do(tx: Transaction, reach: Reach, operation: Operation, made: dict[str, str]) -> str:
    kind = resources.KINDS[operation.endpoint]
    resource_id = made.get(operation.resource_id.removeprefix(REFERENCE), operation.resource_id)
    data = _resolved(operation.data, made)
    if operation.method == "POST":
        return resources.enter(tx, reach, kind, data)
    if operation.method == "PUT":
        resources.replace(tx, reach, kind, resource_id, data, operation.version)
    elif operation.method == "PATCH":
        resources.change(tx, reach, kind, resource_id, data, operation.version)
    else:
        resources.remove(tx, reach, kind, resource_id, operation.version)
    return resource_id


def _operation(one: object) -> Operation:
    if not isinstance(one, dict):
        raise InvalidSyntax("An operation is a JSON object.")
    method, path, bulk_id, version = one.get("method"), one.get("path"), one.get("bulkId"), one.get("version")
    method = method.upper() if isinstance(method, str) else ""
    if method not in _STATUS:
        raise InvalidSyntax("'method' is POST, PUT, PATCH or DELETE.")
    if bulk_id is not None and not (isinstance(bulk_id, str) and 0 < len(bulk_id) <= 128):
        raise InvalidValue("A bulkId is a string of at most 128 characters.")
    if method == "POST" and bulk_id is None:
        raise InvalidValue("A POST needs a bulkId.")  # §3.7
    parts = path.split("/") if isinstance(path, str) else []
    wanted = 2 if method == "POST" else 3
    if len(parts) != wanted or parts[0] or f"/{parts[1]}" not in resources.KINDS:
        raise InvalidPath("'path' is /Users, /Groups, or one of them with an id.")
    if method != "DELETE" and not isinstance(one.get("data"), dict):
        raise InvalidSyntax("The operation has no data.")
    if version is not None and not isinstance(version, str):
        raise InvalidValue("A version is a string.")
    resource_id = parts[2] if wanted == 3 else ""
    return Operation(method, f"/{parts[1]}", resource_id, bulk_id, version or "", one.get("data"))


def _refuse(bulk: Bulk, place: int, one: object, error: YimaError) -> None:
    status, _ = errors.classify(error)
    bulk.failed += 1
    bulk.answers[place] = {**_answer(one, str(status), None), "response": errors.body(error)}


def _answer(one: object, status: str, location: str | None) -> JSONObject:
    given = one if isinstance(one, dict) else {}
    found = {name: given[name] for name in ("method", "bulkId") if isinstance(given.get(name), str)}
    return {**found, "status": status, **({"location": location} if location else {})}


def _references(item: object, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise InvalidSyntax("The data are nested too deeply.")
    if isinstance(item, str):
        if item.startswith(REFERENCE):
            yield item.removeprefix(REFERENCE)
    elif isinstance(item, dict | list | tuple):
        for one in item.values() if isinstance(item, dict) else item:
            yield from _references(one, depth + 1)


def _resolved(item: Any, made: dict[str, str]) -> Any:
    if isinstance(item, str):
        return made.get(item.removeprefix(REFERENCE), item) if item.startswith(REFERENCE) else item
    if isinstance(item, dict):
        return {name: _resolved(one, made) for name, one in item.items()}
    return [_resolved(one, made) for one in item] if isinstance(item, list) else item
