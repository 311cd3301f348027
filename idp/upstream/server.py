"""What the parts of this room share: the deployment, the way out, documents that are kept for minutes, the bulkhead."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from idp.crypto.errors import CryptoError
from idp.crypto.jose.strict_json import read_object
from idp.deployment import Deployment
from idp.mfa.factor import Site
from idp.oidc.clients.remote import RemoteKeys
from idp.outgoing import FetchFailed, Outgoing
from idp.outgoing.fetch import MAX_BYTES, Fetched
from idp.upstream.errors import UpstreamBusy, UpstreamSilent

PREFIX = "/upstream"
AT_ONCE = 8
"""How many requests of a process may wait for one provider: one that hangs must not take every thread of ours."""


@dataclass(frozen=True)
class UpstreamServer:
    """The room, opened."""

    deployment: Deployment
    outgoing: Outgoing
    documents: RemoteKeys
    kept: dict[str, tuple[float, str]] = field(default_factory=dict, repr=False)
    """Tokens that are ours and not a person's, each with the time (monotonic) until which it is good."""
    _turns: dict[str, threading.BoundedSemaphore] = field(default_factory=dict, repr=False)

    @property
    def site(self) -> Site:
        """What second factors there are here."""
        return Site(self.deployment.ring.vault, self.deployment.settings)

    def redirect_uri(self, slug: str) -> str:
        """Where people come back to: what is registered at the provider."""
        return f"{self.deployment.settings.public_url}{PREFIX}/{slug}/callback"

    @contextmanager
    def turn(self, slug: str, title: str) -> Iterator[None]:
        """A place among those who wait for the provider. Raises :class:`UpstreamBusy` where there is none."""
        places = self._turns.setdefault(slug, threading.BoundedSemaphore(AT_ONCE))
        if not places.acquire(blocking=False):
            raise UpstreamBusy(provider=title)
        try:
            yield
        finally:
            places.release()

    def get(self, title: str, url: str, headers: Mapping[str, str] | None = None, *, limit: int = MAX_BYTES) -> Fetched:
        """Fetches. Raises :class:`UpstreamSilent`: too late, too large, not to be reached."""
        try:
            return self.outgoing.get(url, headers=headers, limit=limit)
        except FetchFailed as error:
            raise UpstreamSilent(provider=title, detail=error.detail) from None

    def post(self, title: str, url: str, body: bytes, content_type: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        """Sends. Raises :class:`UpstreamSilent`."""
        try:
            return self.outgoing.post(url, body, content_type=content_type, headers={"Accept": "*/*"} | dict(headers or {}))
        except FetchFailed as error:
            raise UpstreamSilent(provider=title, detail=error.detail) from None


def json_of(title: str, fetched: Fetched) -> dict[str, Any]:
    """The object in an answer, whatever its status. Raises :class:`UpstreamSilent`."""
    try:
        return read_object(fetched.body)
    except CryptoError:
        raise UpstreamSilent(provider=title, detail=f"status {fetched.status}, and no JSON object") from None


def make_server(deployment: Deployment) -> UpstreamServer:
    """The room of a deployment."""
    outgoing = Outgoing(deployment.settings)
    return UpstreamServer(deployment, outgoing, RemoteKeys(outgoing))
