"""A provider of our own to measure: a school, people, apps, and processes on chosen cores."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from idp.apps import register
from idp.deployment import Deployment, initialise
from idp.oidc.clients import registration
from idp.oidc.clients.registration import Registered
from idp.settings import Settings
from tests.people import OPERATOR, Known, make_person, make_school
from tests.registrations import ALL_DATA, registration_of
from tests.services.processes import free_port
from tests.services.provider import running_provider

CALLBACK = "https://app.example.edu.cn/callback"


@dataclass
class Site:
    """A running provider and the installation behind it."""

    url: str
    deployment: Deployment
    school: str

    def register(self, name: str, **changes: object) -> Registered:
        """An app of the school's own, so that nobody is asked."""
        particulars = register.Particulars(name, self.school, "it@example.edu.cn", "bench", ALL_DATA)
        wanted = registration_of(particulars, redirect_uris=(CALLBACK,), trusted=True, **changes)
        with self.deployment.transaction(OPERATOR) as tx:
            return registration.add(tx, wanted, self.deployment.settings)

    def people(self, count: int) -> list[Known]:
        """Persons with the usual password."""
        return [make_person(self.deployment, self.school, name=f"林{n}", document=f"BENCH{n:05}") for n in range(count)]


@contextmanager
def site(*, workers: int, cores: str | None = None) -> Iterator[Site]:
    """On SQLite, the default. ``cores`` names the cores for the server, as taskset takes them."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        url = f"http://localhost:{port}"
        settings = Settings(home=Path(folder) / "yima", bind=f"localhost:{port}", public_url=url)
        deployment = initialise(settings)
        with running_provider(settings, Path(folder) / "provider.log", workers=workers, cores=cores):
            yield Site(url, deployment, make_school(deployment))
        deployment.close()
