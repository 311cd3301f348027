"""The signing service over an installation with authorities, keys and an app; built once for a module that only asks."""

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from idp.app import create_app
from idp.certification import authorities
from idp.certification.office import Office
from idp.certification.timestamping import keys as timestamp_keys
from idp.crypto.x509.certificate import Certificate
from idp.deployment import Deployment, open_deployment
from idp.settings import Settings
from idp.signing import keys, permissions
from idp.signing.keys import Use
from idp.signing.permissions import Operation
from idp.signing.tables import SigningKey
from tests.certificates_of_schools import Authorities, found_authorities
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.web.pages import HOST
from tests.web.relying_party import Answer, RelyingParty, register_app

DOCUMENT = "高等学校毕业证书".encode()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def binary(text: str) -> bytes:
    return base64.b64decode(text)


@dataclass
class SigningSchool:
    """A school with the key ``seal`` for signing and ``letters`` for opening, and the app of its diplomas."""

    deployment: Deployment
    app: Flask
    schools: Authorities
    party: RelyingParty
    token: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.token = token_of(self.party)

    @property
    def office(self) -> Office:
        return self.schools.office

    def call(
        self, name: str, body: Any = None, *, headers: dict[str, str] | None = None, method: str = "POST", **more: Any
    ) -> Answer:
        """Asks the service, with the app's token unless there are other headers."""
        given = {"Authorization": f"Bearer {self.token}"} if headers is None else headers
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        sent = {"data": data, "content_type": "application/json", **more}
        response = self.app.test_client().open(f"/signing/v1/{name}", method=method, headers=given, base_url=HOST, **sent)
        said = response.get_data(as_text=True)
        return Answer(response.status_code, json.loads(said) if said.startswith("{") else said, response.headers)

    def ask(self, name: str, **members: Any) -> Any:
        """What it answers to a request that is good."""
        answer = self.call(name, members)
        assert answer.status == 200, answer.body
        return answer.body

    def key(self, name: str) -> SigningKey:
        with self.deployment.reading() as session:
            return keys.by_name(session, name)

    def certificate(self, name: str) -> Certificate:
        with self.deployment.reading() as session:
            return Certificate(keys.certificate_row(session, keys.current(session, keys.by_name(session, name))).der)

    def allow(self, party: RelyingParty, name: str, *operations: Operation, per_minute: int = 1000) -> None:
        with self.deployment.transaction(OPERATOR) as tx:
            permissions.allow(tx, party.client_id, keys.by_name(tx.session, name), operations, per_minute)

    def change(self, act: Callable[..., Any], name: str, *more: Any) -> None:
        """Does something to a key."""
        with self.deployment.transaction(OPERATOR) as tx:
            act(tx, keys.by_name(tx.session, name), *more)


def token_of(party: RelyingParty, scope: str = "signing", **more: str) -> str:
    answer = party.authenticated("token", {"grant_type": "client_credentials", "scope": scope, **more})
    assert answer.status == 200, answer.body
    return str(answer.body["access_token"])


def diploma_app(app: Flask, deployment: Deployment, school: str, **changes: Any) -> RelyingParty:
    usual = {"name": "学籍系统", "scopes": {"openid", "signing"}, "grant_types": ("client_credentials",), "redirect_uris": ()}
    return register_app(app, deployment, school, **{**usual, "post_logout_redirect_uris": (), **changes})


def make_signing_school(deployment: Deployment) -> SigningSchool:
    schools = found_authorities(deployment)
    app = create_app(deployment)
    party = diploma_app(app, deployment, schools.school)
    with deployment.transaction(OPERATOR) as tx:
        school = authorities.by_name(tx.session, "school")
        keys.add(tx, schools.office, "seal", school, Use.SIGN, "第一中学电子签章")
        keys.add(tx, schools.office, "letters", school, Use.ENCRYPT)
        timestamp_keys.set_up(tx, schools.office, authorities.by_name(tx.session, "province"), policy=None, accuracy_ms=1000)
        for name in ("seal", "letters"):
            permissions.allow(tx, party.client_id, keys.by_name(tx.session, name), list(Operation), 100_000)
    return SigningSchool(deployment, app, schools, party)


@pytest.fixture(scope="module")
def asked(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SigningSchool]:
    """One for all tests of a module: for what changes nothing."""
    home = tmp_path_factory.mktemp("signing") / "yima"
    shutil.copytree(sqlite_template, home)
    deployment = open_deployment(Settings(home=home, signing_requests_per_minute=100_000))
    yield make_signing_school(deployment)
    deployment.close()


@pytest.fixture
def signing_school(deployment: Deployment) -> SigningSchool:
    """One of the test's own, on each database."""
    return make_signing_school(deployment)


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: SettableClock) -> Iterator[SigningSchool]:
    """One of the test's own, on SQLite, by a clock that it sets."""
    shutil.copytree(sqlite_template, tmp_path / "yima")
    deployment = open_deployment(Settings(home=tmp_path / "yima"), clock)
    yield make_signing_school(deployment)
    deployment.close()
