"""The settings of devices and of the record of sign-ins, a part of :class:`idp.settings.Settings`."""

import ipaddress
import re
from typing import Literal

from pydantic import BaseModel, Field, field_validator

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAX_PLACE = 64


class SignInSettings(BaseModel):
    """What browsers are remembered for, and what is kept of sign-ins."""

    remembered_device_days: int = Field(
        default=30, ge=0, le=90, description="For how many days a person may have a device remembered; 0: not at all."
    )
    remembered_device_level: Literal[1, 2] = Field(
        default=1,
        description="What a remembered device counts for beside the password: 1, it spares the second step where an app asks for "
        "none; 2, also where an app requires level 2. Never level 3, and never for administrators.",
    )
    sign_ins_kept_days: int = Field(
        default=90, ge=7, le=366, description="For how many days it is kept who signed in when and how."
    )
    place_names: str = Field(
        default="",
        description="Names of networks for the list of recent sign-ins, one a line or separated by commas: 10.0.0.0/8 = 校园网.",
    )

    @field_validator("place_names")
    @classmethod
    def _place_names(cls, value: str) -> str:
        for _network, name in _places(value):
            if not name or len(name) > MAX_PLACE or not name.isprintable():
                raise ValueError(f"must be lines such as 10.0.0.0/8 = 校园网, each name of 1 to {MAX_PLACE} characters")
        return value

    @property
    def places(self) -> tuple[tuple[Network, str], ...]:
        """The networks of ``place_names`` and their names, the smallest networks first."""
        found = _places(self.place_names)
        return tuple(sorted(found, key=lambda place: place[0].prefixlen, reverse=True))


def _places(text: str) -> list[tuple[Network, str]]:
    entries = [entry for entry in re.split(r"[,\n]", text) if entry.strip()]
    pairs = [entry.partition("=") for entry in entries]
    return [(ipaddress.ip_network(network.strip()), name.strip()) for network, _, name in pairs]
