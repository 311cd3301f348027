"""What a request can reach: one school's roster, and how its resources are called."""

from dataclasses import dataclass
from datetime import date

from idp.keys import Vault
from idp.roster.members import Roster
from idp.roster.scim.schema import ResourceType


@dataclass(frozen=True)
class Reach:
    """``base`` is the address of ``/scim/v2`` as the school's system knows it."""

    roster: Roster
    base: str
    today: date

    @property
    def institution(self) -> str:
        """The school's code."""
        return self.roster.institution

    @property
    def vault(self) -> Vault:
        """What opens this installation's sealed values."""
        return self.roster.vault

    def location(self, kind: ResourceType, resource_id: str) -> str:
        """A resource's address."""
        return f"{self.base}{kind.endpoint}/{resource_id}"
