"""The room without a database: a clock, the way out, and an OpenID Provider to talk to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from idp.deployment import Deployment
from idp.oidc.clients.remote import RemoteKeys
from idp.outgoing import Outgoing
from idp.settings import Settings
from idp.upstream.arrival import Arrival
from idp.upstream.kinds import Asked, Upstream, read_settings
from idp.upstream.oidc.kind import OidcKind
from idp.upstream.server import UpstreamServer
from tests.clocks import SettableClock
from tests.services.openid_provider import CLIENT_ID, SECRET, OpenidProvider, openid_provider


@pytest.fixture
def server(clock: SettableClock) -> Iterator[UpstreamServer]:
    settings = Settings(allow_private_fetches=True)
    outgoing = Outgoing(settings)
    deployment = cast(Deployment, SimpleNamespace(clock=clock, settings=settings))
    yield UpstreamServer(deployment, outgoing, RemoteKeys(outgoing))
    outgoing.close()


@dataclass
class Client:
    """We as a client of the provider, without pages between."""

    server: UpstreamServer
    there: OpenidProvider
    secrets: dict[str, str] = field(default_factory=lambda: {"client_secret": SECRET})
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def upstream(self) -> Upstream:
        settings = read_settings(OidcKind(), {"issuer": self.there.url, "client_id": CLIENT_ID} | self.changes)
        return Upstream("campus", "Campus account", settings, self.there.redirect_uri, self.secrets)

    def arrive(self, *, anew: bool = False, memory: dict[str, str] | None = None, **answer: str | None) -> Arrival:
        """Away and back again; ``answer`` is changed on the way back, and what was remembered by ``memory``."""
        departure = OidcKind().depart(self.server, self.upstream, Asked("0" * 48, anew))
        told = {**self.there.authorize(departure.url), **answer}
        given = {name: value for name, value in told.items() if value is not None}
        return OidcKind().arrive(self.server, self.upstream, given, {**departure.memory, **(memory or {})})


@pytest.fixture
def client(server: UpstreamServer, clock: SettableClock) -> Iterator[Client]:
    with openid_provider(clock) as there:
        yield Client(server, there)
