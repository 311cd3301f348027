"""Reading an ``AuthnRequest`` (SAML Core §3.4.1): what is asked, of a message that is believed already."""

from dataclasses import dataclass
from datetime import datetime

from lxml.etree import _Element as Element

from idp.sso.saml import contexts, names, xml
from idp.sso.saml.errors import MessageRefused, MetadataRefused
from idp.sso.saml.metadata import moment
from idp.sso.saml.names import q
from idp.sso.saml.server import SKEW


@dataclass(frozen=True)
class Asked:
    """``app_id`` asks, by the request ``request_id``, or nobody does where that is ``None`` (§4.1.5 of the profiles).

    ``consumer`` is the registered address that the answer goes to. ``subject`` says that a certain person was asked for.
    """

    app_id: str
    consumer: str
    request_id: str | None = None
    relay_state: str | None = None
    force: bool = False
    passive: bool = False
    name_format: str | None = None
    classes: tuple[str, ...] = ()
    comparison: str = "exact"
    unsupported: bool = False


def issuer_of(element: Element) -> str:
    """Who says to have sent a message; nothing is believed of it by this. Raises :class:`MessageRefused`."""
    issuer = xml.only(element, q("saml:Issuer"))
    text = xml.text_of(issuer)
    # Core §2.2.5: an entity, named by its id and nothing else.
    if issuer is None or not text or issuer.get("Format", names.ENTITY) != names.ENTITY or issuer.get("NameQualifier"):
        raise MessageRefused(detail="no Issuer")
    return text


def check_message(element: Element, tag: str, destination: str, now: datetime, *, signed: bool) -> str:
    """What holds for every message that comes (§3.2.1, §3.2.2). Returns its ID. Raises :class:`MessageRefused`.

    ``destination`` is where it came to: a signed message names it, so that it cannot be carried elsewhere (Bindings §3.4.5.2).
    """
    if element.tag != q(tag) or element.get("Version") != "2.0":
        raise MessageRefused(detail=f"no {tag} of version 2.0")
    said = element.get("Destination")
    if said != destination and (said or signed):
        raise MessageRefused(detail="for another destination")
    try:
        issued = moment(element.get("IssueInstant"))
    except MetadataRefused:
        issued = None
    if issued is None or not now - SKEW <= issued <= now + SKEW:
        raise MessageRefused(detail="too old, or from the future")
    return xml.check_id(element.get("ID"))


@dataclass(frozen=True)
class Wanted:
    """What a request says, before the app's metadata was asked."""

    request_id: str
    url: str | None
    index: int | None
    force: bool
    passive: bool
    name_format: str | None
    classes: tuple[str, ...]
    comparison: str
    unsupported: bool


def read(element: Element, destination: str, now: datetime, *, signed: bool) -> Wanted:
    """Raises :class:`MessageRefused`."""
    request_id = check_message(element, "samlp:AuthnRequest", destination, now, signed=signed)
    url, index = element.get("AssertionConsumerServiceURL"), element.get("AssertionConsumerServiceIndex")
    binding = element.get("ProtocolBinding")
    # §3.4.1: either where and how, or a number.
    if index is not None and (url is not None or binding is not None or not index.isdigit() or len(index) > 5):
        raise MessageRefused(detail="AssertionConsumerServiceIndex beside another")
    policy = xml.only(element, q("samlp:NameIDPolicy"))
    classes, comparison, others = _contexts(xml.only(element, q("samlp:RequestedAuthnContext")))
    qualifier = policy.get("SPNameQualifier") if policy is not None else None
    return Wanted(
        request_id=request_id,
        url=url,
        index=int(index) if index is not None else None,
        force=_flag(element, "ForceAuthn"),
        passive=_flag(element, "IsPassive"),
        name_format=policy.get("Format") if policy is not None else None,
        classes=classes,
        comparison=comparison,
        # A certain person, a name for another's use, another way of answering: refused, not ignored.
        unsupported=element.find(q("saml:Subject")) is not None
        or (qualifier is not None and qualifier != issuer_of(element))
        or binding not in (None, names.POST)
        or others,
    )


def _contexts(requested: Element | None) -> tuple[tuple[str, ...], str, bool]:
    if requested is None:
        return (), "exact", False
    comparison = requested.get("Comparison", "exact")
    found = tuple(xml.text_of(one) or "" for one in requested.findall(q("saml:AuthnContextClassRef")))
    if comparison not in contexts.COMPARISONS or len(found) > contexts.MAX_CLASSES or any(len(one) > 512 for one in found):
        raise MessageRefused(detail="RequestedAuthnContext")
    return found, comparison, requested.find(q("saml:AuthnContextDeclRef")) is not None


def _flag(element: Element, name: str) -> bool:
    value = element.get(name, "false")
    if value not in ("true", "false", "1", "0"):
        raise MessageRefused(detail=name)
    return value in ("true", "1")
