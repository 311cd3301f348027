"""The settings of rosters, in a file of their own: see :mod:`idp.settings`, which checks them all together."""

from pydantic import BaseModel, Field


class RosterSettings(BaseModel):
    """What an operator says about them."""

    roster_requests_per_minute: int = Field(
        default=3000, ge=10, le=1_000_000, description="How many requests a school's roster token may make in a minute."
    )
