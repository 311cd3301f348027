"""Fixtures that every test may use: a settable clock, and an installation on each database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from flask import Flask
from jinja2 import FileSystemBytecodeCache

from idp.audit import Actor
from idp.deployment import Deployment, initialise, open_deployment
from idp.settings import Settings
from tests.clocks import SettableClock
from tests.services.kept_engines import KeptEngines, kept_engines
from tests.services.kept_rules import KeptRule
from tests.services.postgres import PostgresServer, running_postgres
from tests.services.restored_database import RestoredDatabase
from tests.services.sdf_device import FOLDER, StubDevice, compiled
from tests.services.slapd import Slapd, running_slapd, school_people

OPERATOR = Actor(kind="operator", id="test")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def operator() -> Actor:
    return OPERATOR


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for each worker, so that none waits for another."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a fresh installation, to be copied."""
    home = tmp_path_factory.mktemp("template-sqlite")
    _install(Settings(home=home))
    return home


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> tuple[Path, str]:
    """The data folder and the database of a fresh installation, to be copied."""
    home = tmp_path_factory.mktemp("template-postgres")
    name = postgres.create()
    _install(Settings(home=home, database_url=postgres.url(name)))
    return home, name


@pytest.fixture(scope="session")
def restored_database(postgres_template: tuple[Path, str], postgres: PostgresServer) -> RestoredDatabase:
    """The one database that tests use in turn."""
    return RestoredDatabase(postgres, postgres_template[1])


@pytest.fixture(scope="session")
def engines() -> Iterator[KeptEngines]:
    """The engines that tests use in turn, with the statements they have compiled."""
    with kept_engines() as kept:
        yield kept


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every test may make an application; what Flask compiles for one is compiled once in a worker."""
    Flask.url_rule_class = KeptRule
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder that tests use in turn: the same path is the same engine."""
    return tmp_path_factory.mktemp("home") / "yima"


@pytest.fixture(params=["sqlite", "postgresql"])
def deployment_settings(request: pytest.FixtureRequest, home: Path, engines: KeptEngines) -> Iterator[Settings]:
    """The settings of an initialised installation, as if of the test's own, on each database in turn."""
    engines.disconnect()
    shutil.rmtree(home, ignore_errors=True)
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("sqlite_template"), home)
        yield Settings(home=home)
        return
    shutil.copytree(request.getfixturevalue("postgres_template")[0], home)
    server: PostgresServer = request.getfixturevalue("postgres")
    database: RestoredDatabase = request.getfixturevalue("restored_database")
    yield Settings(home=home, database_url=server.url(database.restored()), database_pool_size=5)


@pytest.fixture
def deployment(deployment_settings: Settings, clock: SettableClock) -> Iterator[Deployment]:
    """An installation of the test's own, on each database in turn, with keys and without people."""
    deployment = open_deployment(deployment_settings, clock)
    yield deployment
    deployment.close()


@pytest.fixture(scope="session")
def directory_authority() -> trustme.CA:
    """Who vouches for the directory of a school."""
    return trustme.CA()


@pytest.fixture(scope="session")
def slapd(directory_authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """OpenLDAP with a school's people in it, one for each worker that asks."""
    with running_slapd(tmp_path_factory.mktemp("slapd"), school_people(), directory_authority) as server:
        yield server


@pytest.fixture(scope="session")
def sdf_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared library of the test device."""
    return compiled(tmp_path_factory.mktemp("sdf"))


@pytest.fixture
def stub(sdf_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubDevice]:
    """A device with fresh keys. At the end it must have seen nothing that no caller may do."""
    folder = tmp_path / "sdf"
    folder.mkdir()
    monkeypatch.setenv(FOLDER, str(folder))
    device = StubDevice(folder, sdf_library)
    yield device
    assert not device.misuse()


def _install(settings: Settings) -> None:
    initialise(settings, SettableClock()).close()
