"""The two issuers: one provider under two names, see ``docs/decisions/0009``."""

from dataclasses import dataclass

from idp.keys.states import TOKEN_ALGORITHMS
from idp.settings import Settings


@dataclass(frozen=True)
class Issuer:
    """``name`` is ``sm`` or ``intl``; ``url`` the issuer identifier; ``prefix`` what its paths begin with."""

    name: str
    url: str
    prefix: str

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The JOSE algorithms it signs with, the default one first."""
        return TOKEN_ALGORITHMS[self.name]

    def endpoint(self, name: str) -> str:
        """The address of an endpoint such as ``token``."""
        return f"{self.url}/oauth/{name}"

    def path(self, name: str) -> str:
        """The same, as a path."""
        return f"{self.prefix}/oauth/{name}"


def issuers(settings: Settings) -> dict[str, Issuer]:
    """Both issuers, by name."""
    url = settings.public_url
    return {"sm": Issuer("sm", url, ""), "intl": Issuer("intl", f"{url}/intl", "/intl")}
