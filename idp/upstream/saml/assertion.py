"""An answer, and everything that has to hold before the assertion in it is believed (SAML Profiles §4.1.4.3, §4.1.4.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lxml import etree
from lxml.etree import _Element as Element

from idp.sso.saml import metadata, names, signature, xml
from idp.sso.saml.attributes import ATTRIBUTES
from idp.sso.saml.errors import MessageRefused, MetadataRefused
from idp.sso.saml.names import q
from idp.sso.saml.server import SKEW
from idp.upstream.saml import decryption

# Our policy: whatever it says itself, an answer is for now.
LONGEST = timedelta(hours=1)
# A sign-in anew happened after we asked for it, by two clocks that differ this much.
ANEW_SKEW = timedelta(minutes=1)
MAX_ATTRIBUTES, MAX_VALUES = 100, 100
_KNOWN_CONDITIONS = (q("saml:AudienceRestriction"), q("saml:OneTimeUse"), q("saml:ProxyRestriction"))
_FRIENDLY = {one.name: friendly for friendly, one in ATTRIBUTES.items()} | {
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": "eduPersonPrincipalName",
    "urn:oasis:names:tc:SAML:attribute:subject-id": "subject-id",
}


class Declined(Exception):
    """The identity provider says that there is no sign-in. ``status`` is the last part of its code."""

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(status)


@dataclass(frozen=True)
class Expected:
    """What the answer has to be: from whom, by which keys, to whom and where, to which request, now, and after when proven."""

    issuer: str
    certificates: tuple[str, ...] = field(repr=False)
    audience: str
    recipient: str
    request_id: str
    now: datetime
    since: datetime | None = None
    decryption_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Believed:
    """What a believed assertion says: its ID, the NameID if it is a persistent one, the context, the attributes by name."""

    assertion_id: str
    persistent: str | None
    context: str
    attributes: Mapping[str, list[str]] = field(repr=False)


def believe(response: Element, expected: Expected) -> Believed:
    """Reads an answer. Raises :class:`Declined`, ``MessageRefused`` or ``SignatureRefused`` with the reason in ``detail``.

    Of the answer's frame nothing is used but for refusing it; all that is believed is signed by the provider's key, and read from
    what the signature covers.
    """
    _check_frame(response, expected)
    found = _signed_assertion(response, expected)
    _check_who(found, expected)
    _check_conditions(found, expected)
    context = _check_statement(found, expected)
    name = _confirmed_subject(found, expected)
    return Believed(xml.check_id(found.get("ID")), _persistent(name), context, _attributes(found))


def _check_frame(response: Element, expected: Expected) -> None:
    if response.tag != q("samlp:Response") or response.get("Version") != "2.0":
        raise MessageRefused(detail="no Response of SAML 2.0")
    xml.check_id(response.get("ID"))
    # Bindings §3.5.5.2: to us. Profiles §4.1.4.3: to the request we made; nobody comes unasked.
    if response.get("Destination", expected.recipient) != expected.recipient:
        raise MessageRefused(detail="Destination")
    if response.get("InResponseTo") != expected.request_id:
        raise MessageRefused(detail="InResponseTo")
    issuer = xml.only(response, q("saml:Issuer"))
    if issuer is not None and xml.text_of(issuer) != expected.issuer:
        raise MessageRefused(detail="Issuer of the answer")
    status = xml.only(response, q("samlp:Status"))
    code = xml.only(status, q("samlp:StatusCode")) if status is not None else None
    if code is None:
        raise MessageRefused(detail="no status")
    if code.get("Value") != names.SUCCESS:
        second = xml.only(code, q("samlp:StatusCode"))
        raise Declined((second if second is not None else code).get("Value", "").rpartition(":")[2][:40])


def _signed_assertion(response: Element, expected: Expected) -> Element:
    """The one assertion, by itself, from the bytes that its signature covers."""
    encrypted = response.findall(q("saml:EncryptedAssertion"))
    if len(encrypted) == 1 and expected.decryption_key:
        # Nothing else may pass for the assertion: it is the only child of its kind either way.
        if response.find(f".//{q('saml:Assertion')}") is not None:
            raise MessageRefused(detail="not one assertion")
        alone = decryption.opened(encrypted[0], expected.decryption_key)
    else:
        everywhere = list(response.iter(q("saml:Assertion")))
        if encrypted or len(everywhere) != 1 or everywhere[0].getparent() is not response:
            raise MessageRefused(detail="not one assertion")
        # As a document of its own: where it stood cannot matter any more. Prefixes that it uses come along.
        alone = xml.parse(etree.tostring(everywhere[0], with_tail=False))
    if alone.tag != q("saml:Assertion"):
        raise MessageRefused(detail="not one assertion")
    return signature.verified(alone, expected.certificates)


def _check_who(found: Element, expected: Expected) -> None:
    if found.get("Version") != "2.0" or xml.text_of(xml.only(found, q("saml:Issuer"))) != expected.issuer:
        raise MessageRefused(detail="Issuer of the assertion")
    issued = _moment(found.get("IssueInstant"))
    if issued is None or issued > expected.now + SKEW or issued < expected.now - LONGEST:
        raise MessageRefused(detail="IssueInstant")


def _check_conditions(found: Element, expected: Expected) -> None:
    conditions = xml.only(found, q("saml:Conditions"))
    if conditions is None:
        raise MessageRefused(detail="no conditions")
    _check_window(conditions, expected.now, "Conditions")
    # Core §2.5.1: a condition that is not understood is not met.
    if any(child.tag not in _KNOWN_CONDITIONS for child in conditions):
        raise MessageRefused(detail="a condition that we do not know")
    restrictions = conditions.findall(q("saml:AudienceRestriction"))
    # §2.5.1.4: each of several has to name us.
    named = [[xml.text_of(one) for one in restriction.iterfind(q("saml:Audience"))] for restriction in restrictions]
    if not named or any(expected.audience not in audiences for audiences in named):
        raise MessageRefused(detail="Audience")


def _check_statement(found: Element, expected: Expected) -> str:
    """The authentication context."""
    statements = found.findall(q("saml:AuthnStatement"))
    if len(statements) != 1:
        raise MessageRefused(detail="not one AuthnStatement")
    instant, ends = _moment(statements[0].get("AuthnInstant")), _moment(statements[0].get("SessionNotOnOrAfter"))
    if instant is None or instant > expected.now + SKEW or (ends is not None and ends <= expected.now - SKEW):
        raise MessageRefused(detail="AuthnInstant, or a session that is over")
    # Core §3.4.1: ForceAuthn asks for a sign-in that did not rest on an earlier one.
    if expected.since is not None and instant < expected.since - ANEW_SKEW:
        raise MessageRefused(detail="not signed in anew")
    context = xml.only(statements[0], q("saml:AuthnContext"))
    return (xml.text_of(xml.only(context, q("saml:AuthnContextClassRef"))) or "") if context is not None else ""


def _confirmed_subject(found: Element, expected: Expected) -> Element | None:
    """The NameID of a subject that a bearer at our address may be, now, in answer to our request (Profiles §4.1.4.2)."""
    subject = xml.only(found, q("saml:Subject"))
    confirmations = subject.findall(q("saml:SubjectConfirmation")) if subject is not None else []
    if subject is None or not any(_confirms(one, expected) for one in confirmations):
        raise MessageRefused(detail="SubjectConfirmation")
    return xml.only(subject, q("saml:NameID"))


def _confirms(confirmation: Element, expected: Expected) -> bool:
    data = xml.only(confirmation, q("saml:SubjectConfirmationData"))
    if confirmation.get("Method") != names.BEARER or data is None or data.get("NotBefore") is not None:
        return False
    ends = _moment(data.get("NotOnOrAfter"))
    return (
        data.get("Recipient") == expected.recipient
        and data.get("InResponseTo") == expected.request_id
        and ends is not None
        and ends > expected.now - SKEW
    )


def _persistent(name: Element | None) -> str | None:
    if name is None or name.get("Format") != names.PERSISTENT:
        return None
    return xml.text_of(name) or None


def _attributes(found: Element) -> dict[str, list[str]]:
    """Well-known ones by their friendly names, others by their full ones. What the sender calls them matters nothing."""
    told: dict[str, list[str]] = {}
    every = [one for statement in found.iterfind(q("saml:AttributeStatement")) for one in statement.iterfind(q("saml:Attribute"))]
    if len(every) > MAX_ATTRIBUTES:
        raise MessageRefused(detail="too many attributes")
    for one in every:
        name = _FRIENDLY.get(one.get("Name", ""), one.get("Name", ""))
        values = list(one.iterfind(q("saml:AttributeValue")))
        if len(values) > MAX_VALUES:
            raise MessageRefused(detail="too many values")
        told.setdefault(name, []).extend(value for holder in values if (value := _value(holder)))
    return told


def _value(holder: Element) -> str | None:
    # eduPerson: eduPersonTargetedID holds a NameID.
    inner = xml.only(holder, q("saml:NameID")) if len(holder) == 1 else None
    # A value that is made of elements is none of those that are read here.
    return xml.text_of(inner if inner is not None else holder) if inner is not None or not len(holder) else None


def _check_window(element: Element, now: datetime, what: str) -> None:
    begins, ends = _moment(element.get("NotBefore")), _moment(element.get("NotOnOrAfter"))
    if (begins is not None and begins > now + SKEW) or ends is None or ends <= now - SKEW:
        raise MessageRefused(detail=f"time of {what}")


def _moment(text: str | None) -> datetime | None:
    try:
        return metadata.moment(text)
    except MetadataRefused:
        raise MessageRefused(detail="a time that cannot be read") from None
