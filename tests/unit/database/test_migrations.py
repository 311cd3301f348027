"""Migrations lead to the tables as they are declared."""

from pathlib import Path
from threading import Thread

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from idp.apps.tables import App
from idp.database import Database
from idp.database.migration import configuration, is_current, migrate
from idp.deployment import Deployment
from idp.oidc.clients import client
from idp.oidc.tables import OidcClient
from idp.schema import metadata
from tests.people import make_school
from tests.web.relying_party import register_app


def test_the_migrations_make_exactly_the_declared_tables(deployment: Deployment) -> None:
    with deployment.database.engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    assert difference == []


def test_a_fresh_database_is_not_current_until_it_is_migrated(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    assert not is_current(database)
    migrate(database)
    assert is_current(database)
    migrate(database)
    database.close()


def test_two_servers_that_start_at_once_migrate_once(deployment: Deployment) -> None:
    threads = [Thread(target=migrate, args=(deployment.database,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_current(deployment.database)


def test_an_installation_of_an_earlier_release_is_brought_up_to_date_with_its_apps(deployment: Deployment) -> None:
    school = make_school(deployment)
    app = Flask("unused")
    people = register_app(app, deployment, school, required_level=2).client_id
    machine = register_app(app, deployment, school, grant_types=("client_credentials",), redirect_uris=()).client_id
    with deployment.reading() as session:
        before = {name: session.get_one(OidcClient, name).client_metadata for name in (people, machine)}
    config = configuration()
    with deployment.database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    assert not is_current(deployment.database)
    migrate(deployment.database)
    assert is_current(deployment.database)
    with deployment.reading() as session:
        assert session.get_one(OidcClient, people).client_metadata == before[people]
        assert session.get_one(OidcClient, machine).client_metadata == before[machine]
        assert client.load(session, people).policy.required_level == 2
        assert session.get_one(App, people).requested_scopes == session.get_one(App, people).scopes
