"""A federation's feed: fetched, verified, entered; what leaves it is suspended, and a bad one changes nothing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from idp.apps.register import AppStatus
from idp.apps.tables import App
from idp.deployment import Deployment
from idp.outgoing import FetchFailed, Outgoing
from idp.sso.saml import feed, providers
from idp.sso.saml.errors import MetadataRefused, UnknownProvider
from idp.sso.saml.feed import Outcome
from idp.sso.saml.rules import Rules
from idp.sso.saml.tables import SamlFeed
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known
from tests.service_provider import ENTITY, ServiceProvider, der, signed
from tests.services.receiver import Receiver
from tests.unit.sso.saml.test_metadata import feed as written
from tests.web.pages import Browser
from tests.web.saml.conftest import Register, SamlApp

OTHER = ServiceProvider(entity_id="https://b.example/sp", acs="https://b.example/acs")


@pytest.fixture
def outgoing(deployment: Deployment) -> Iterator[Outgoing]:
    one = Outgoing(deployment.settings.model_copy(update={"allow_private_fetches": True}))
    yield one
    one.close()


@pytest.fixture
def federation(deployment: Deployment, school: str, receiver: Receiver) -> int:
    with deployment.transaction(OPERATOR) as tx:
        url = f"{receiver.url}/federation.xml"
        return feed.add(tx, url, (der("federation"),), school, "it@example.edu.cn", Rules(trusted=True)).id


def publish(receiver: Receiver, *apps: ServiceProvider, until: str = "2026-09-08T00:00:00Z", by: str = "federation") -> None:
    text = signed(written(*(app.metadata() for app in apps), until=until), by)
    receiver.documents["/federation.xml"] = text.encode()


def status(deployment: Deployment, entity: str) -> str:
    with deployment.reading() as session:
        found = providers.SamlProvider
        app = session.query(App).join(found, found.app_id == App.id).filter(found.entity_id == entity).one()
        return app.status


def test_its_apps_come_go_and_come_back(
    deployment: Deployment, outgoing: Outgoing, federation: int, receiver: Receiver, browser: Browser, person: Known
) -> None:
    publish(receiver, ServiceProvider(), OTHER)
    assert feed.refresh_due(deployment, outgoing) == 1
    assert feed.refresh_due(deployment, outgoing) == 0
    with deployment.reading() as session:
        entered = providers.by_entity(session, ENTITY, deployment.clock.now())
    assert SamlApp(browser.client.application, entered.id, ServiceProvider()).answered(browser, person).status == "Success"

    publish(receiver, replace(OTHER, acs="https://b.example/new"))
    assert feed.refresh(deployment, outgoing, federation) == Outcome(0, 1, 1)
    assert status(deployment, ENTITY) == AppStatus.SUSPENDED
    publish(receiver, ServiceProvider(), replace(OTHER, acs="https://b.example/new"))
    assert feed.refresh(deployment, outgoing, federation) == Outcome(0, 0, 0)
    assert status(deployment, ENTITY) == AppStatus.APPROVED


def test_after_its_time_nobody_signs_in_by_it(
    deployment: Deployment, outgoing: Outgoing, federation: int, receiver: Receiver, clock: SettableClock
) -> None:
    publish(receiver, ServiceProvider())
    feed.refresh(deployment, outgoing, federation)
    clock.forward(days=7)
    with deployment.reading() as session, pytest.raises(UnknownProvider):
        providers.by_entity(session, ENTITY, clock.now())


def test_an_app_that_an_administrator_entered_stays_as_it_was_entered(
    deployment: Deployment, outgoing: Outgoing, federation: int, receiver: Receiver, register: Register
) -> None:
    mine = register()
    publish(receiver, ServiceProvider(acs="https://evil.example/acs"))
    assert feed.refresh(deployment, outgoing, federation) == Outcome(0, 0, 0)
    with deployment.reading() as session:
        assert providers.by_entity(session, ENTITY, deployment.clock.now()).id == mine.id


@pytest.mark.parametrize("wrong", ["another key", "older", "not there", "inside our network"])
def test_what_is_not_the_federations_newest_changes_nothing(
    deployment: Deployment, outgoing: Outgoing, federation: int, receiver: Receiver, wrong: str
) -> None:
    publish(receiver, ServiceProvider())
    feed.refresh(deployment, outgoing, federation)
    if wrong == "not there":
        receiver.documents.clear()
    else:
        publish(receiver, OTHER, by="mallory" if wrong == "another key" else "federation", until="2026-09-07T00:00:00Z")
    way = Outgoing(deployment.settings) if wrong == "inside our network" else outgoing
    with pytest.raises((MetadataRefused, FetchFailed)):
        feed.refresh(deployment, way, federation)
    assert status(deployment, ENTITY) == AppStatus.APPROVED
    with deployment.reading() as session:
        assert session.get_one(SamlFeed, federation).last_error
        with pytest.raises(UnknownProvider):
            providers.by_entity(session, OTHER.entity_id, deployment.clock.now())
