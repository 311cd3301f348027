"""The settings of the signing service, a part of :class:`idp.settings.Settings`."""

from pathlib import Path

from pydantic import BaseModel, Field


class SigningSettings(BaseModel):
    """How much an app may ask, and whom verdicts believe besides the authorities of this installation."""

    signing_requests_per_minute: int = Field(
        default=600,
        ge=1,
        le=1_000_000,
        description="How many requests that need no key of the service (verify, digest, timestamp …) an app may make in a minute.",
    )
    signing_trust: Path | None = Field(
        default=None, description="A file (PEM) with roots that the signing service believes besides this installation's own."
    )
