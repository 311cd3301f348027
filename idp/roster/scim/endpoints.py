"""SCIM by HTTP (RFC 7644 §3): which address does what, and how an error becomes its answer."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from idp.audit import Actor
from idp.crypto.errors import InvalidEncoding
from idp.crypto.jose import strict_json
from idp.errors import YimaError
from idp.roster.errors import InvalidToken
from idp.roster.scim import bulk, discovery, errors, resources
from idp.roster.scim.errors import (
    Forbidden,
    InvalidSyntax,
    InvalidValue,
    MethodNotAllowed,
    NotFound,
    NotImplementedHere,
    TooLarge,
    TooMany,
)
from idp.roster.scim.reach import Reach
from idp.roster.scim.resources import KINDS, Kind, projection_of, query_of
from idp.roster.scim.schema import JSONObject
from idp.roster.scim.service import Service
from idp.web.machine import MachineAnswer

log = logging.getLogger("yima.scim")

SCIM = "application/scim+json"
SEARCH_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
MAX_TOKEN = 256


@dataclass(frozen=True)
class ScimRequest:
    """``path`` is what stands behind ``/scim/v2``; ``body`` ``None`` is one that was too large to be read."""

    method: str
    path: str
    query: str = ""
    body: bytes | None = b""
    content_type: str = ""
    authorization: str = field(default="", repr=False)
    if_match: str = ""
    if_none_match: str = ""
    address: str | None = None


@dataclass(frozen=True)
class Call:
    """A request of a school that has shown its token."""

    service: Service
    reach: Reach
    actor: Actor
    request: ScimRequest
    parameters: Mapping[str, str]

    def body(self) -> JSONObject:
        """The JSON object that was sent. Raises :class:`InvalidSyntax`."""
        if self.request.content_type not in (SCIM, "application/json", ""):
            raise InvalidSyntax(f"The body is {SCIM}.")
        try:
            return strict_json.read_object(self.request.body or b"")
        except InvalidEncoding:
            raise InvalidSyntax("The body is not a JSON object in UTF-8, each name once.") from None


def handle(service: Service, request: ScimRequest) -> MachineAnswer:
    """The answer to a request; every error of ours is one of the protocol's."""
    try:
        return _route(service, request)
    except YimaError as error:
        status, word = errors.classify(error)
        log.info("%s: %s %s", request.method, status, word or error.code)
        return MachineAnswer(status, errors.body(error), _headers(service, request, error), SCIM)


def _route(service: Service, request: ScimRequest) -> MachineAnswer:
    parts = request.path.strip("/").split("/")
    parameters = _parameters(request.query)
    if parts[0] in discovery.PLACES:
        if request.method != "GET":
            raise MethodNotAllowed("This address is for reading.")
        return _ok(discovery.answer(service.base, parts, filtered="filter" in parameters))
    right, actor = service.admit(_token(request), request.address)
    if request.body is None:
        raise TooLarge(f"A request has at most {discovery.MAX_PAYLOAD} bytes.")
    call = Call(service, service.reach(right), actor, request, parameters)
    writes = request.method not in ("GET", "HEAD") and parts[-1] != ".search"
    if writes and not right.may_write:
        raise Forbidden("This token may read only.")
    return _of_school(call, parts)


def _of_school(call: Call, parts: list[str]) -> MachineAnswer:
    if parts == ["Bulk"]:
        _only(call, "POST")
        return _ok(bulk.run(call.service, call.reach, call.actor, call.body()))
    kind = KINDS.get(f"/{parts[0]}")
    if kind is None:
        if parts in (["Me"], [""], [".search"]):
            raise NotImplementedHere("A token is no person, and the whole is not searched: use /Users and /Groups.")
        raise NotFound("There is nothing at this address.")
    if parts[1:] == [".search"]:
        _only(call, "POST")
        return _search_by_post(call, kind)
    if len(parts) == 1:
        return _collection(call, kind)
    if len(parts) == 2:
        return _resource(call, kind, parts[1])
    raise NotFound("There is nothing at this address.")


def _collection(call: Call, kind: Kind) -> MachineAnswer:
    if call.request.method == "GET":
        with call.service.deployment.reading() as session:
            return _ok(resources.search(session, call.reach, kind, query_of(call.parameters, in_address=True)))
    _only(call, "GET", "POST")
    body, wanted = call.body(), projection_of(call.parameters)
    with call.service.deployment.transaction(call.actor) as tx:
        made = resources.create(tx, call.reach, kind, body)
    return _ok(wanted.of(kind.kind, made), made, status=201)


def _resource(call: Call, kind: Kind, resource_id: str) -> MachineAnswer:
    method, wanted, if_match = call.request.method, projection_of(call.parameters), call.request.if_match
    if method == "GET":
        with call.service.deployment.reading() as session:
            row = kind.by_id(session, call.reach.institution, resource_id)
            whole = resources.show(session, call.reach, kind, row)
        if resources.names_version(call.request.if_none_match, whole["meta"]["version"]):
            return MachineAnswer(304, None, _entity(whole), SCIM)
        return _ok(wanted.of(kind.kind, whole), whole)
    _only(call, "GET", "PUT", "PATCH", "DELETE")
    if method == "DELETE":
        with call.service.deployment.transaction(call.actor) as tx:
            resources.remove(tx, call.reach, kind, resource_id, if_match)
        return MachineAnswer(204, None, content_type=SCIM)
    body = call.body()
    with call.service.deployment.transaction(call.actor) as tx:
        do = resources.replace if method == "PUT" else resources.change
        row = do(tx, call.reach, kind, resource_id, body, if_match)
        whole = resources.show(tx.session, call.reach, kind, row)
    return _ok(wanted.of(kind.kind, whole), whole)


def _search_by_post(call: Call, kind: Kind) -> MachineAnswer:
    """§3.4.3: the question in the body, where no log keeps it."""
    body = call.body()
    schemas = body.get("schemas")
    if not isinstance(schemas, list) or SEARCH_URN not in schemas:
        raise InvalidSyntax(f"'schemas' must name {SEARCH_URN}.")
    with call.service.deployment.reading() as session:
        return _ok(resources.search(session, call.reach, kind, query_of(body, in_address=False)))


def _ok(body: JSONObject, whole: JSONObject | None = None, *, status: int = 200) -> MachineAnswer:
    return MachineAnswer(status, body, _entity(whole) if whole else (), SCIM)


def _entity(whole: JSONObject) -> tuple[tuple[str, str], ...]:
    return ("ETag", whole["meta"]["version"]), ("Location", whole["meta"]["location"])


def _only(call: Call, *methods: str) -> None:
    if call.request.method not in methods:
        raise MethodNotAllowed(f"This address takes {', '.join(methods)}.")


def _parameters(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=20) if query.count("&") < 20 else []
    found = dict(pairs)
    if len(found) != len(pairs) or (query and not pairs and "=" in query):
        raise InvalidValue("A parameter stands there twice, or there are too many.")
    return found


def _token(request: ScimRequest) -> str:
    """RFC 6750 §2.1: from the header, and from nowhere else."""
    scheme, _, text = request.authorization.partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(text.strip()) <= MAX_TOKEN:
        raise InvalidToken
    return text.strip()


def _headers(service: Service, request: ScimRequest, error: YimaError) -> tuple[tuple[str, str], ...]:
    if isinstance(error, InvalidToken):
        # RFC 6750 §3: a request without any token is told the scheme alone.
        tells = ', error="invalid_token"' if request.authorization else ""
        return (("WWW-Authenticate", f'Bearer realm="{service.base}"{tells}'),)
    return (("Retry-After", "60"),) if isinstance(error, TooMany) else ()
