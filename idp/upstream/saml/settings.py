"""What is known of an identity provider."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from idp.sso.saml import metadata
from idp.sso.saml.errors import MetadataRefused
from idp.upstream.kinds import KindSettings

DECRYPTION_KEY = "decryption_key"
NAME_ID = "name_id"

SUBJECTS = (NAME_ID, "pairwise-id", "subject-id", "eduPersonTargetedID", "eduPersonPrincipalName")

_Short = Annotated[str, Field(min_length=1, max_length=500)]
_Certificates = Annotated[tuple[str, ...], Field(max_length=10)]


class SamlSettings(KindSettings):
    """``entity_id``, ``sso`` (the address for requests by redirect) and ``certificates`` (DER in base64) stand in its metadata.

    ``metadata_url`` is where that is fetched again from every hour, ``metadata_certificates`` who signs it there;
    ``metadata_until`` is how long it holds if it cannot be. ``subject`` says by what an account is known for good: a persistent
    NameID, or an attribute. ``contexts`` are authentication contexts to ask for.
    ``fields`` name attributes, by their friendly names where those are well known, else by their full ones.
    """

    entity_id: _Short
    sso: str
    certificates: Annotated[_Certificates, Field(min_length=1)]
    metadata_url: str = ""
    metadata_certificates: _Certificates = ()
    metadata_until: datetime | None = None
    subject: Literal["name_id", "pairwise-id", "subject-id", "eduPersonTargetedID", "eduPersonPrincipalName"] = "name_id"
    contexts: Annotated[tuple[_Short, ...], Field(max_length=5)] = ()
    fields: dict[_Short, _Short] = Field(default_factory=dict, max_length=20)

    @field_validator("sso")
    @classmethod
    def _sso(cls, value: str) -> str:
        return _checked_address(value)

    @field_validator("metadata_url")
    @classmethod
    def _metadata_url(cls, value: str) -> str:
        return _checked_address(value) if value else ""

    @field_validator("certificates", "metadata_certificates")
    @classmethod
    def _keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(metadata.certificate_of(one) for one in value)
        except MetadataRefused:
            raise ValueError("certificate") from None


def _checked_address(value: str) -> str:
    try:
        return metadata.check_address(value, plain_http=False)
    except MetadataRefused:
        raise ValueError("address") from None
