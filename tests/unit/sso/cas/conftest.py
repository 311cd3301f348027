"""A CAS server on SQLite: what a database can do differently is tried in ``test_once``."""

import shutil
from pathlib import Path

import pytest

from idp.deployment import Deployment
from idp.settings import Settings
from tests.unit.sso.people import Campus, make_campus


@pytest.fixture
def deployment_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    shutil.copytree(sqlite_template, tmp_path / "yima")
    return Settings(home=tmp_path / "yima")


@pytest.fixture
def campus(deployment: Deployment) -> Campus:
    return make_campus(deployment)
