"""The settings of the SAML identity provider, in a file of their own: see :mod:`idp.settings`, which checks them all together."""

import re

from pydantic import BaseModel, Field, field_validator

_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class SamlSettings(BaseModel):
    """What an operator says about it."""

    saml_scope: str = Field(
        default="",
        description="The domain behind the @ of SAML names and affiliations, for schools without one; that of public_url if empty.",
    )

    @field_validator("saml_scope")
    @classmethod
    def _saml_scope(cls, value: str) -> str:
        if value and not _DOMAIN.fullmatch(value):
            raise ValueError("must be a domain in small letters, such as example.edu.cn")
        return value
