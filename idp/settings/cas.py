"""The settings of the CAS server, in a file of their own: see :mod:`idp.settings`, which checks all of them together."""

import re
from typing import Annotated

from pydantic import BaseModel, Field, field_validator

_PREFIX = re.compile(r"(/[A-Za-z0-9_-]{1,32}){1,3}")
# The first segments of addresses of ours.
_OWN = {
    "activate",
    "approvals",
    "device",
    "intl",
    "language",
    "login",
    "logout",
    "me",
    "oauth",
    "phone",
    "saml2",
    "scim",
    "signed-out",
    "static",
}


class CasSettings(BaseModel):
    """What an operator says about it."""

    cas_prefixes: str = Field(
        default="/cas",
        description="The paths that the CAS server answers under, separated by commas: /cas,/authserver. Empty: no CAS server.",
    )
    cas_ticket_lifetime: Annotated[int, Field(gt=0, le=300)] = Field(
        default=60, description="How long a CAS service or proxy ticket can be validated."
    )

    @field_validator("cas_prefixes")
    @classmethod
    def _cas_prefixes(cls, value: str) -> str:
        prefixes = _listed(value)
        if any(not _PREFIX.fullmatch(prefix) or prefix.split("/")[1] in _OWN for prefix in prefixes):
            raise ValueError("must be paths such as /cas that none of our own pages has, separated by commas")
        if len(set(prefixes)) < len(prefixes):
            raise ValueError("names a path twice")
        return value

    @property
    def cas_prefix_list(self) -> tuple[str, ...]:
        """The paths of ``cas_prefixes``."""
        return _listed(self.cas_prefixes)


def _listed(value: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in value.split(",") if item.strip())
