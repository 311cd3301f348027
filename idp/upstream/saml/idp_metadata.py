"""Metadata of identity providers: from a file, or from a federation's signed feed, down to what is used of it (SAML Metadata)."""

from dataclasses import dataclass
from datetime import datetime

from lxml.etree import _Element as Element

from idp.i18n import N_
from idp.sso.saml import metadata, names, signature, xml
from idp.sso.saml.errors import MessageRefused, MetadataRefused, SignatureRefused
from idp.sso.saml.names import q


@dataclass(frozen=True)
class IdpDescribed:
    """What the metadata of an identity provider says. Certificates are DER in base64. After ``until`` it holds no more."""

    entity_id: str
    sso: str
    certificates: tuple[str, ...]
    until: datetime | None = None


def read(data: bytes, now: datetime, *, entity_id: str = "", certificates: tuple[str, ...] = ()) -> IdpDescribed:
    """The identity provider ``entity_id``; without one, the only one that is there. Raises :class:`MetadataRefused`.

    With ``certificates`` it must be signed as a whole by one of them, and say until when it is valid where it describes more than
    one: an old feed with a key that was lost could be given to us for ever.
    """
    try:
        root = xml.parse(data, limit=xml.MAX_FEED_BYTES, comments=True)
        if certificates:
            root = signature.verified(root, certificates)
    except MessageRefused as error:
        raise MetadataRefused(reason=N_("it is not XML as we read it"), detail=error.detail) from None
    except SignatureRefused as error:
        raise MetadataRefused(reason=N_("it is not signed by the key of the feed"), detail=error.detail) from None
    if root.tag == q("md:EntitiesDescriptor") and not (certificates and root.get("validUntil")):
        raise MetadataRefused(reason=N_("metadata of several providers must be signed, and say until when it is valid"))
    found = [one for one in metadata.entities(root) if _role(one) is not None and entity_id in ("", one.get("entityID"))]
    if len(found) != 1:
        raise MetadataRefused(reason=N_("it does not describe exactly one identity provider of SAML 2.0 of this name"))
    said = [until for one in (root, found[0]) if (until := metadata.moment(one.get("validUntil"))) is not None]
    if said and min(said) <= now:
        raise MetadataRefused(reason=N_("it is no longer valid"))
    return _described(found[0], min(said, default=None))


def _described(entity: Element, until: datetime | None) -> IdpDescribed:
    role = _role(entity)
    assert role is not None  # noqa: S101 - only such are found
    services = [
        one.get("Location", "") for one in role.iterfind(q("md:SingleSignOnService")) if one.get("Binding") == names.REDIRECT
    ]
    keys = metadata.certificates(role, "signing")
    if not services or not keys:
        raise MetadataRefused(reason=N_("it has no address for sign-ins by redirect, or no key for signatures"))
    return IdpDescribed(entity.get("entityID", ""), metadata.check_address(services[0], plain_http=False), keys, until)


def _role(entity: Element) -> Element | None:
    roles = [
        one
        for one in entity.iterfind(q("md:IDPSSODescriptor"))
        if names.PROTOCOL in one.get("protocolSupportEnumeration", "").split()
    ]
    return roles[0] if len(roles) == 1 else None
