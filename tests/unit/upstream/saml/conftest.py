"""We as a service provider, without pages, and an identity provider that the tests play."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from idp.deployment import Deployment
from idp.oidc.clients.remote import RemoteKeys
from idp.outgoing import Outgoing
from idp.settings import Settings
from idp.upstream.arrival import Arrival
from idp.upstream.errors import AnswerRefused
from idp.upstream.kinds import Asked, Departure, Upstream, read_settings
from idp.upstream.saml.kind import SamlKind
from idp.upstream.server import UpstreamServer
from tests.clocks import SettableClock
from tests.identity_provider import IDP, SSO, IdentityProvider, form
from tests.service_provider import der

ACS = "http://localhost:8000/upstream/campus/callback"
US = "http://localhost:8000/upstream/campus/metadata"


@pytest.fixture
def deployment_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """One database is enough: what must happen once has its test on both beside its rule (tests/unit/sso/saml/test_once.py)."""
    shutil.copytree(sqlite_template, tmp_path / "yima")
    return Settings(home=tmp_path / "yima")


@dataclass
class Client:
    """We as a service provider, without pages between."""

    server: UpstreamServer
    there: IdentityProvider
    changes: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def upstream(self) -> Upstream:
        said = {"entity_id": IDP, "sso": SSO, "certificates": [der("other"), der("idp")]} | self.changes
        return Upstream("campus", "Campus", read_settings(SamlKind(), said), ACS, self.secrets)

    def depart(self, *, anew: bool = False) -> Departure:
        return SamlKind().depart(self.server, self.upstream, Asked("0" * 48, anew))

    def bring(self, departure: Departure, answer: dict[str, str]) -> Arrival:
        return SamlKind().arrive(self.server, self.upstream, answer, departure.memory)

    def arrive(self, *, anew: bool = False, **changes: str) -> Arrival:
        departure = self.depart(anew=anew)
        return self.bring(departure, self.there.answer(departure.url, **changes))

    def refused(self, build: Callable[[str], str]) -> str:
        """Why a response that ``build`` makes for the request's address is not believed."""
        departure = self.depart()
        with pytest.raises(AnswerRefused) as caught:
            self.bring(departure, form(build(departure.url)))
        return str(caught.value.detail)


@pytest.fixture
def client(deployment: Deployment, clock: SettableClock) -> Client:
    outgoing = Outgoing(deployment.settings)
    return Client(UpstreamServer(deployment, outgoing, RemoteKeys(outgoing)), IdentityProvider(clock.now()))
