"""The settings of the certificate authority, a part of :class:`idp.settings.Settings`."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator


class CertificationSettings(BaseModel):
    """Where certificates point to, and which profiles they follow."""

    ca_url: str = Field(
        default="",
        description="The address that certificates name for lists, OCSP and issuers, plain http as a rule; empty: public_url.",
    )
    ca_profiles: Path | None = Field(default=None, description="A folder with certificate profiles of your own (TOML).")

    ca_timestamp_digests: str = Field(
        default="sm3",
        pattern=r"^(sm3|sha256|sha384|sha512)(,(sm3|sha256|sha384|sha512)){0,3}$",
        description="The digests that the time-stamp service accepts: sm3, sha256, sha384, sha512; separated by commas.",
    )

    ca_timestamps_per_minute: int = Field(
        default=600,
        ge=1,
        le=1_000_000,
        description="How many time-stamps one network address (of IPv6 a /64) may have in a minute.",
    )

    ca_ocsp_signatures_per_minute: int = Field(
        default=600,
        ge=1,
        le=1_000_000,
        description="How many OCSP answers that need a signature of their own, for a nonce or a number never issued, one network "
        "address (of IPv6 a /64) may have in a minute from each process; more are told tryLater.",
    )

    @field_validator("ca_url")
    @classmethod
    def _ca_url(cls, value: str) -> str:
        value = value.rstrip("/")
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.path):
            raise ValueError("must be an address such as http://ca.example.edu.cn, without a path")
        return value
