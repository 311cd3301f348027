"""What programs are answered: XML by the schema of Appendix A, or JSON of the same shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from idp.sso.cas.errors import ValidationFailure
from idp.web.machine import MachineAnswer

NAMESPACE = "http://www.yale.edu/tp/cas"
XML, JSON = "XML", "JSON"
# Once, before any thread writes: several clients look for the prefix itself.
ET.register_namespace("cas", NAMESPACE)
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Validated:
    """A ticket that held. ``attributes`` are ``None`` before protocol 3.0; values come one by one."""

    user: str
    attributes: Mapping[str, tuple[str, ...]] | None = None
    iou: str | None = None
    proxies: tuple[str, ...] = field(default=())


def success(validated: Validated, form: str) -> MachineAnswer:
    """§2.5.2, §2.6.2: ``authenticationSuccess``; the children in the order of the schema."""
    if form == JSON:
        return _json("authenticationSuccess", _members(validated))
    root, element = _response("authenticationSuccess")
    _child(element, "user", validated.user)
    if validated.attributes is not None:
        attributes = ET.SubElement(element, _qualified("attributes"))
        for name, values in validated.attributes.items():
            for value in values:
                _child(attributes, name, value)
    if validated.iou is not None:
        _child(element, "proxyGrantingTicket", validated.iou)
    if validated.proxies:
        proxies = ET.SubElement(element, _qualified("proxies"))
        for proxy in validated.proxies:
            _child(proxies, "proxy", proxy)
    return xml_answer(root)


def proxy_success(ticket: str, form: str) -> MachineAnswer:
    """§2.7.2: ``proxySuccess``."""
    if form == JSON:
        return _json("proxySuccess", {"proxyTicket": ticket})
    root, element = _response("proxySuccess")
    _child(element, "proxyTicket", ticket)
    return xml_answer(root)


def failure(error: ValidationFailure, form: str, *, element: str = "authenticationFailure") -> MachineAnswer:
    """§2.5.3, §2.7.3: a failure with its code, as an answer of status 200: clients read the document, not the status."""
    if form == JSON:
        return _json(element, {"code": error.cas_code, "description": str(error)})
    root, failed = _response(element)
    failed.set("code", error.cas_code)
    failed.text = clean(str(error))
    return xml_answer(root)


def xml_answer(root: ET.Element, content_type: str = "application/xml; charset=utf-8") -> MachineAnswer:
    """The document as an answer; ElementTree escapes every text and attribute."""
    text = ET.tostring(root, encoding="unicode")
    return MachineAnswer(200, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', content_type=content_type)


def clean(text: str) -> str:
    """XML 1.0 §2.2: what no document can hold is replaced, so that a name cannot make an answer unreadable."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _response(name: str) -> tuple[ET.Element, ET.Element]:
    root = ET.Element(_qualified("serviceResponse"))
    return root, ET.SubElement(root, _qualified(name))


def _child(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, _qualified(name)).text = clean(text)


def _qualified(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _members(validated: Validated) -> dict[str, object]:
    said: dict[str, object] = {"user": validated.user}
    if validated.attributes is not None:
        said["attributes"] = {name: _one_or_all(values) for name, values in validated.attributes.items()}
    if validated.iou is not None:
        said["proxyGrantingTicket"] = validated.iou
    if validated.proxies:
        said["proxies"] = list(validated.proxies)
    return said


def _json(name: str, said: Mapping[str, object]) -> MachineAnswer:
    return MachineAnswer(200, {"serviceResponse": {name: said}})


def _one_or_all(values: tuple[str, ...]) -> object:
    return values[0] if len(values) == 1 else list(values)
