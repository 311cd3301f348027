import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from idp.certification.office import office_of
from idp.deployment import Deployment, open_deployment
from idp.settings import Settings
from tests.certificates_of_schools import Authorities, found_authorities
from tests.clocks import SettableClock


@pytest.fixture
def schools(deployment: Deployment) -> Authorities:
    """On each database."""
    return found_authorities(deployment)


@pytest.fixture(scope="session")
def founded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Authorities]:
    """Founded once, to be copied."""
    home = tmp_path_factory.mktemp("authorities") / "yima"
    shutil.copytree(sqlite_template, home)
    deployment = open_deployment(Settings(home=home), SettableClock())
    found = found_authorities(deployment)
    deployment.close()
    return home, found


@pytest.fixture
def here(founded: tuple[Path, Authorities], tmp_path: Path, clock: SettableClock) -> Iterator[Authorities]:
    """On SQLite, for rules that no database can change."""
    home, found = founded
    shutil.copytree(home, tmp_path / "one")
    deployment = open_deployment(Settings(home=tmp_path / "one"), clock)
    yield replace(found, deployment=deployment, office=office_of(deployment.settings, deployment.ring.authority_vault))
    deployment.close()
