"""The endpoints that programs call, and how an error becomes their answer."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from idp.sso.cas import answers, saml11
from idp.sso.cas.answers import JSON, XML
from idp.sso.cas.errors import InvalidRequest, ValidationFailure
from idp.sso.cas.parameters import of_request, required
from idp.sso.cas.proxy import proxy_ticket
from idp.sso.cas.server import CasServer
from idp.sso.cas.validation import Question, validate
from idp.web.machine import Endpoint, MachineAnswer, MachineRequest

log = logging.getLogger("yima.cas")

TEXT = "text/plain; charset=utf-8"
Handler = Callable[[CasServer, MachineRequest], MachineAnswer]


def machine_endpoints(cas: CasServer, prefixes: Sequence[str]) -> dict[str, tuple[tuple[str, ...], Endpoint]]:
    """Paths, methods and functions, under every prefix."""
    handlers: dict[str, tuple[tuple[str, ...], Handler]] = {
        "/validate": (("GET", "POST"), _validate1),
        "/proxy": (("GET", "POST"), _proxy),
        "/samlValidate": (("POST",), saml11.saml_validate),
    }
    for name, proxies in (("serviceValidate", False), ("proxyValidate", True)):
        handlers[f"/{name}"] = (("GET", "POST"), partial(_validate, proxies=proxies, attributes=False))
        handlers[f"/p3/{name}"] = (("GET", "POST"), partial(_validate, proxies=proxies, attributes=True))
    return {
        f"{prefix}{path}": (methods, partial(handler, cas)) for prefix in prefixes for path, (methods, handler) in handlers.items()
    }


def _validate1(cas: CasServer, request: MachineRequest) -> MachineAnswer:
    """§2.4: ``yes`` and the user name, or ``no``; each on a line of its own, as every client reads it."""
    try:
        given = of_request(request)
        question = Question(required(given, "ticket"), required(given, "service"), renew="renew" in given, address=request.address)
        validated, _ticket = validate(cas, question)
    except ValidationFailure as error:
        _note("validate", error)
        return MachineAnswer(200, "no\n\n", content_type=TEXT)
    return MachineAnswer(200, f"yes\n{validated.user}\n", content_type=TEXT)


def _validate(cas: CasServer, request: MachineRequest, *, proxies: bool, attributes: bool) -> MachineAnswer:
    """§2.5, §2.6, §2.8, §2.9."""
    form = XML
    try:
        given = of_request(request)
        form = _form(given.get("format", XML))
        question = Question(
            required(given, "ticket"),
            required(given, "service"),
            renew="renew" in given,
            pgt_url=given.get("pgtUrl"),
            proxies=proxies,
            attributes=attributes,
            address=request.address,
        )
        validated, _ticket = validate(cas, question)
    except ValidationFailure as error:
        _note("proxyValidate" if proxies else "serviceValidate", error)
        return answers.failure(error, form)
    return answers.success(validated, form)


def _proxy(cas: CasServer, request: MachineRequest) -> MachineAnswer:
    """§2.7."""
    form = XML
    try:
        given = of_request(request)
        form = _form(given.get("format", XML))
        ticket = proxy_ticket(cas, required(given, "pgt"), required(given, "targetService"), request.address)
    except ValidationFailure as error:
        _note("proxy", error)
        return answers.failure(error, form, element="proxyFailure")
    return answers.proxy_success(ticket, form)


def _form(given: str) -> str:
    # §2.5.1: XML or JSON, and an error for anything else.
    if given.upper() not in (XML, JSON):
        raise InvalidRequest(detail=f"format {given[:16]!r}")
    return given.upper()


def _note(name: str, error: ValidationFailure) -> None:
    log.info("%s: %s %s", name, error.cas_code, error.detail or "")
