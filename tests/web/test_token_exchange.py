"""Token exchange (RFC 8693): a resource server acts for a person at another one, and every token says who acts."""

import pytest
from flask import Flask

from idp.deployment import Deployment
from idp.registry.tables import Person
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known
from tests.web.conftest import sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import Answer, RelyingParty, register_app
from tests.web.resource_server import GRADES, LIBRARY, grades_server, library

__all__ = ["library"]

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
RELAY, ARCHIVE = "urn:example:relay", "urn:example:archive"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture
def middle(app: Flask, deployment: Deployment, school: str, library: RelyingParty) -> RelyingParty:
    """A resource server that calls the library in turn."""
    return grades_server(app, deployment, school, grant_types=(GRANT,), exchanges=(LIBRARY,))


@pytest.fixture
def front(app: Flask, deployment: Deployment, school: str, middle: RelyingParty) -> RelyingParty:
    """The app that the person uses."""
    return register_app(app, deployment, school, accesses=(GRADES,), trusted=True)


@pytest.fixture
def subject_token(browser: Browser, front: RelyingParty, person: Known) -> str:
    return str(front.exchange(sign_in_to(browser, front, person, resource=GRADES)).body["access_token"])


@pytest.fixture
def archive(app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """The end of a longer way."""
    return grades_server(app, deployment, school, name="档案馆", resources=(ARCHIVE,), authorization_types={})


@pytest.fixture
def relay(app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """What stands before it."""
    changes = {"resources": (RELAY,), "exchanges": (ARCHIVE,), "grant_types": (GRANT,), "authorization_types": {}}
    return grades_server(app, deployment, school, name="中转", **changes)


@pytest.fixture
def onward(app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """What the person's app calls."""
    return grades_server(app, deployment, school, authorization_types={}, grant_types=(GRANT,), exchanges=(RELAY,))


def exchange(party: RelyingParty, token: str, **changes: str | None) -> Answer:
    wanted = {
        "grant_type": GRANT,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        "resource": LIBRARY,
        **changes,
    }
    return party.authenticated("token", {name: value for name, value in wanted.items() if value is not None})


def test_the_new_token_is_about_the_person_and_says_who_acts(
    middle: RelyingParty, library: RelyingParty, subject_token: str
) -> None:
    answer = exchange(middle, subject_token)
    assert (answer.status, answer.body["issued_token_type"], answer.body["token_type"]) == (200, ACCESS_TOKEN, "Bearer")
    assert "refresh_token" not in answer.body
    assert "id_token" not in answer.body
    told = library.claims_of(answer.body["access_token"])
    assert (told["aud"], told["client_id"], told["act"]) == (LIBRARY, middle.client_id, {"sub": middle.client_id})
    assert told["sub"] == library.introspect(answer.body["access_token"]).body["sub"]


def test_the_new_token_ends_with_the_old_one_and_with_its_family(
    middle: RelyingParty, library: RelyingParty, front: RelyingParty, subject_token: str, clock: SettableClock
) -> None:
    clock.forward(minutes=50)
    answer = exchange(middle, subject_token).body
    assert answer["expires_in"] == 600
    front.authenticated("revoke", {"token": subject_token})
    fresh = exchange(middle, subject_token)
    assert fresh.error == "invalid_request"


def test_a_chain_of_actors_is_told_whole(
    archive: RelyingParty, relay: RelyingParty, onward: RelyingParty, subject_token: str
) -> None:
    once = exchange(onward, subject_token, resource=RELAY).body["access_token"]
    twice = exchange(relay, once, resource=ARCHIVE).body["access_token"]
    assert archive.introspect(twice).body["act"] == {"sub": relay.client_id, "act": {"sub": onward.client_id}}


def test_scopes_can_only_become_fewer(middle: RelyingParty, subject_token: str) -> None:
    assert exchange(middle, subject_token, scope="openid").body["scope"] == "openid"
    assert exchange(middle, subject_token, scope="openid email").error == "invalid_scope"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token": "x"}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token": "x", "actor_token_type": ACCESS_TOKEN}, "invalid_request"),
        ({"resource": None}, "invalid_target"),
        ({"resource": GRADES}, "invalid_target"),
        ({"resource": "urn:example:nobody"}, "invalid_target"),
    ],
)
def test_what_cannot_be_exchanged_is_refused(
    middle: RelyingParty, subject_token: str, changes: dict[str, str | None], error: str
) -> None:
    answer = exchange(middle, subject_token, **changes)
    assert (answer.status, answer.error) == (400, error)


def test_a_token_that_was_for_somebody_else_is_refused(
    browser: Browser, middle: RelyingParty, app: Flask, deployment: Deployment, school: str, person: Known
) -> None:
    stranger = register_app(app, deployment, school, trusted=True)
    stolen = stranger.exchange(sign_in_to(browser, stranger, person)).body["access_token"]
    assert exchange(middle, stolen).error == "invalid_request"


def test_an_apps_own_token_is_nobodys_and_cannot_be_exchanged(
    app: Flask, deployment: Deployment, school: str, middle: RelyingParty
) -> None:
    machine = register_app(app, deployment, school, grant_types=("client_credentials",), redirect_uris=(), accesses=(GRADES,))
    token = machine.authenticated("token", {"grant_type": "client_credentials", "resource": GRADES}).body["access_token"]
    assert exchange(middle, token).error == "invalid_request"


def test_only_apps_that_are_registered_for_it_exchange(front: RelyingParty, subject_token: str) -> None:
    assert exchange(front, subject_token).error == "unauthorized_client"


def test_nobody_acts_for_a_person_who_was_disabled(
    deployment: Deployment, middle: RelyingParty, subject_token: str, person: Known
) -> None:
    with deployment.transaction(OPERATOR) as tx:
        tx.session.get_one(Person, person.id).status = "disabled"
    assert exchange(middle, subject_token).error == "invalid_request"
