"""From an identity provider's metadata to what is entered of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idp.i18n import N_
from idp.outgoing import FetchFailed, Outgoing
from idp.sso.saml import xml
from idp.sso.saml.errors import MetadataRefused
from idp.upstream.saml import decryption, idp_metadata
from idp.upstream.saml.settings import DECRYPTION_KEY


@dataclass(frozen=True)
class Source:
    """Where the metadata is from: ``url`` where it is fetched again and again, ``certificates`` (DER in base64) who signs it."""

    url: str = ""
    certificates: tuple[str, ...] = ()


def fetch(outgoing: Outgoing, url: str) -> bytes:
    """The document at an address. Raises ``MetadataRefused``."""
    try:
        fetched = outgoing.get(url, limit=xml.MAX_FEED_BYTES)
    except FetchFailed as error:
        raise MetadataRefused(reason=N_("its address does not answer with it"), detail=error.detail) from None
    if fetched.status != 200:
        raise MetadataRefused(reason=N_("its address does not answer with it"), detail=f"status {fetched.status}")
    return fetched.body


def settings_of(data: bytes, source: Source, now: datetime, *, entity_id: str = "", **more: Any) -> Mapping[str, Any]:
    """The settings of the kind ``saml`` for the provider that ``data`` describes. Raises ``MetadataRefused``."""
    described = idp_metadata.read(data, now, entity_id=entity_id, certificates=source.certificates)
    return {
        "entity_id": described.entity_id,
        "sso": described.sso,
        "certificates": described.certificates,
        "metadata_url": source.url,
        "metadata_certificates": source.certificates,
        # Of a file nobody fetches a newer one: it holds until somebody enters another.
        "metadata_until": described.until if source.url else None,
        **more,
    }


def new_secrets() -> Mapping[str, str]:
    """The key that it encrypts assertions for: one for each provider."""
    return {DECRYPTION_KEY: decryption.new_key()}
