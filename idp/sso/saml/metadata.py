"""Metadata of service providers: read strictly, down to what is used of it (SAML Metadata)."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from lxml.etree import _Element as Element
from pydantic import BaseModel, ConfigDict

from idp.i18n import N_
from idp.settings import is_loopback
from idp.sso.saml import names, signature, xml
from idp.sso.saml.errors import MessageRefused, MetadataRefused, SignatureRefused
from idp.sso.saml.names import q

MAX_ENTITY_ID = 1024  # SAML Metadata §2.2.1
MAX_URL = 2048


class Endpoint(BaseModel):
    """Where messages go by one binding. ``response`` is where answers go, if not there too."""

    model_config = ConfigDict(frozen=True)

    binding: str
    location: str
    response: str = ""
    index: int = -1
    default: bool = False

    @property
    def for_answers(self) -> str:
        """Where answers go."""
        return self.response or self.location


class Described(BaseModel):
    """What the metadata of a service provider says. Certificates are DER in base64."""

    model_config = ConfigDict(frozen=True)

    entity_id: str
    name: str = ""
    requests_signed: bool = False
    assertions_signed: bool = False
    consumers: tuple[Endpoint, ...]
    logouts: tuple[Endpoint, ...] = ()
    name_formats: tuple[str, ...] = ()
    signing: tuple[str, ...] = ()
    encryption: tuple[str, ...] = ()

    def logout(self, binding: str) -> Endpoint | None:
        """The endpoint for sign-outs by ``binding``."""
        return next((one for one in self.logouts if one.binding == binding), None)

    @property
    def in_browser(self) -> Endpoint | None:
        """Where a browser takes a sign-out: by redirect, else by a form."""
        return self.logout(names.REDIRECT) or self.logout(names.POST)

    @property
    def origins(self) -> tuple[str, ...]:
        """The hosts that people are sent to."""
        return tuple(sorted({urlsplit(one.location).hostname or "" for one in self.consumers}))


def read(data: bytes, *, plain_http: bool = False) -> Described:
    """The one service provider that a file describes. Raises :class:`MetadataRefused`."""
    root = _parsed(data, xml.MAX_BYTES * 16)
    found = [one for one in entities(root) if _role(one) is not None]
    if len(found) != 1:
        raise MetadataRefused(reason=N_("it does not describe exactly one service provider of SAML 2.0"))
    return describe(found[0], plain_http=plain_http)


def read_feed(data: bytes, certificates: tuple[str, ...], now: datetime) -> tuple[list[Described], datetime]:
    """The service providers of a signed feed, those that cannot be used left out, and until when it holds.

    Raises :class:`MetadataRefused`: it must be signed as a whole and say until when it is valid, or an old one with a key that was
    lost could be given to us for ever.
    """
    root = _parsed(data, xml.MAX_FEED_BYTES)
    try:
        root = signature.verified(root, certificates)
    except SignatureRefused:
        raise MetadataRefused(reason=N_("it is not signed by the key of the feed")) from None
    until = moment(root.get("validUntil"))
    if until is None:
        raise MetadataRefused(reason=N_("it does not say until when it is valid"))
    if until <= now:
        raise MetadataRefused(reason=N_("it is no longer valid"))
    found = []
    for entity in entities(root):
        ends = moment(entity.get("validUntil"))
        if _role(entity) is None or (ends is not None and ends <= now):
            continue
        try:
            found.append(describe(entity))
        except MetadataRefused:
            continue
    return found, until


def describe(entity: Element, *, plain_http: bool = False) -> Described:
    """What an ``EntityDescriptor`` says. Raises :class:`MetadataRefused`."""
    role = _role(entity)
    entity_id = entity.get("entityID", "")
    if role is None or not 0 < len(entity_id) <= MAX_ENTITY_ID or not entity_id.isprintable() or " " in entity_id:
        raise MetadataRefused(reason=N_("it does not describe exactly one service provider of SAML 2.0"))
    consumers = tuple(_endpoint(one, plain_http) for one in role.iterfind(q("md:AssertionConsumerService")))
    posts = tuple(one for one in consumers if one.binding == names.POST)
    if not posts:
        raise MetadataRefused(reason=N_("it has no assertion consumer service by POST"))
    logouts = (_endpoint(one, plain_http) for one in role.iterfind(q("md:SingleLogoutService")))
    return Described(
        entity_id=entity_id,
        name=_display_name(role, entity),
        requests_signed=_true(role.get("AuthnRequestsSigned")),
        assertions_signed=_true(role.get("WantAssertionsSigned")),
        consumers=posts,
        logouts=tuple(one for one in logouts if one.binding in (names.REDIRECT, names.POST, names.SOAP_BINDING)),
        name_formats=tuple(text for one in role.iterfind(q("md:NameIDFormat")) if (text := (one.text or "").strip())),
        signing=certificates(role, "signing"),
        encryption=certificates(role, "encryption"),
    )


def moment(text: str | None) -> datetime | None:
    """A time of XML Schema, in UTC as SAML Core §1.3.3 has it; ``None`` where there is none. Raises :class:`MetadataRefused`."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        raise MetadataRefused(reason=N_("a time in it cannot be read")) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def certificate_of(text: str) -> str:
    """A certificate, PEM or bare base64, as DER in base64. Raises :class:`MetadataRefused` for none, or a key we cannot use."""
    bare = "".join(line for line in text.splitlines() if "-----" not in line)
    try:
        der = base64.b64decode("".join(bare.split()), validate=True)
        signature.rsa_key(x509.load_der_x509_certificate(der))
    except (ValueError, SignatureRefused):
        raise MetadataRefused(reason=N_("a certificate in it has no RSA key of at least 2048 bits")) from None
    return base64.b64encode(der).decode()


def _parsed(data: bytes, limit: int) -> Element:
    try:
        return xml.parse(data, limit=limit, comments=True)
    except MessageRefused as error:
        raise MetadataRefused(reason=N_("it is not XML as we read it"), detail=error.detail) from None


def entities(root: Element) -> Iterator[Element]:
    """Every ``EntityDescriptor`` of a document."""
    if root.tag == q("md:EntityDescriptor"):
        yield root
    elif root.tag == q("md:EntitiesDescriptor"):
        # Groups within groups; an entity is nowhere else.
        for child in root:
            yield from entities(child)


def _role(entity: Element) -> Element | None:
    roles = [
        one
        for one in entity.iterfind(q("md:SPSSODescriptor"))
        if names.PROTOCOL in one.get("protocolSupportEnumeration", "").split()
    ]
    return roles[0] if len(roles) == 1 else None


def _endpoint(element: Element, plain_http: bool) -> Endpoint:
    index = element.get("index", "")
    return Endpoint(
        binding=element.get("Binding", ""),
        location=check_address(element.get("Location", ""), plain_http=plain_http),
        response=check_address(element.get("ResponseLocation", ""), plain_http=plain_http)
        if element.get("ResponseLocation")
        else "",
        index=int(index) if index.isdigit() and len(index) < 6 else -1,
        default=_true(element.get("isDefault")),
    )


def check_address(text: str, *, plain_http: bool) -> str:
    """An address to send people and data about them to. Raises :class:`MetadataRefused`."""
    # Https, or http to this very machine, or where an administrator says so.
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    usable = bool(host) and len(text) <= MAX_URL and text.isprintable() and not any(c in text for c in " \\#\"'<>")
    secure = parts.scheme == "https" or (parts.scheme == "http" and (plain_http or is_loopback(host)))
    if not usable or not secure or "@" in parts.netloc:
        raise MetadataRefused(reason=N_("an address in it is not https, or no address"))
    return text


def certificates(role: Element, use: str) -> tuple[str, ...]:
    """The keys of a role for ``signing`` or ``encryption``. Raises :class:`MetadataRefused` for one that we cannot use."""
    found = []
    for descriptor in role.iterfind(q("md:KeyDescriptor")):
        # SAML Metadata §2.4.1.1: without a use it is for both.
        if descriptor.get("use", use) == use:
            found += [certificate_of(one.text or "") for one in descriptor.iter(q("ds:X509Certificate"))]
    return tuple(dict.fromkeys(found))


def _display_name(role: Element, entity: Element) -> str:
    """In Chinese, else in English, else whatever comes first."""
    texts = list(role.iter(q("mdui:DisplayName"))) or list(entity.iter(q("md:OrganizationDisplayName")))
    by_language = {one.get(f"{{{names.XML}}}lang", "").lower()[:2]: " ".join((one.text or "").split()) for one in reversed(texts)}
    found: Any = by_language.get("zh") or by_language.get("en") or next(iter(by_language.values()), "")
    return str(found)[:100] if str(found).isprintable() else ""


def _true(text: str | None) -> bool:
    return text in ("true", "1")
