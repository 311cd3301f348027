"""A school's system that speaks SCIM to the application, by plain JSON."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from idp.deployment import Deployment
from idp.roster import tokens
from tests.people import OPERATOR, make_school

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
SCHOOL = "urn:yima:params:scim:schemas:extension:school:1.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def word(self) -> str | None:
        return self.body.get("scimType") if self.body else None


@dataclass
class System:
    """The system of one school."""

    app: Flask
    institution: str
    token: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"Authorization": f"Bearer {self.token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        content = {"content_type": "application/scim+json"} if data is not None else {}
        answer = Client(self.app.wsgi_app).open(
            f"/scim/v2{path}", method=method, data=data, headers=sent, environ_base={"REMOTE_ADDR": "127.0.0.1"}, **content
        )
        return Answer(answer.status_code, dict(answer.headers), json.loads(answer.data) if answer.data else None)

    def add(self, number: int = 1, **changes: Any) -> dict[str, Any]:
        answer = self.call("POST", "/Users", user(number, **changes))
        assert answer.status == 201, answer.body
        return dict(answer.body)

    def patch(self, user_id: str, *operations: dict[str, Any], kind: str = "Users", **headers: str) -> Answer:
        return self.call("PATCH", f"/{kind}/{user_id}", {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def find(self, text: str, kind: str = "Users") -> list[str]:
        answer = self.call("POST", f"/{kind}/.search", {"schemas": [SEARCH], "filter": text})
        assert answer.status == 200, answer.body
        return [one.get("userName") or one["displayName"] for one in answer.body["Resources"]]

    def bulk(self, *operations: dict[str, Any], **more: Any) -> Answer:
        return self.call("POST", "/Bulk", {"schemas": [BULK], "Operations": list(operations), **more})


def user(number: int = 1, **changes: Any) -> dict[str, Any]:
    """What a school's system says of its pupil of this number; ``None`` takes a member away."""
    school = {
        "documentType": "passport",
        "documentNumber": f"ROSTER{number:05}",
        "number": f"S{number:05}",
        "grade": "三年级",
        "className": "3班",
        **changes.pop("school", {}),
    }
    body = {
        "schemas": [USER, SCHOOL],
        "userName": f"pupil{number}",
        "externalId": f"sis-{number}",
        "name": {"formatted": f"林{'小' * (number % 3)}雨{number}"},
        "userType": "student",
        "emails": [{"value": f"pupil{number}@example.edu.cn", "type": "work", "primary": True}],
        SCHOOL: {name: value for name, value in school.items() if value is not None},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def system(app: Flask, deployment: Deployment, institution: str, *, may_write: bool = True) -> System:
    with deployment.transaction(OPERATOR) as tx:
        _row, text = tokens.issue(tx, institution, "SIS", may_write=may_write, lifetime=timedelta(days=30))
    return System(app, institution, text)


@pytest.fixture
def sis(app: Flask, deployment: Deployment, school: str) -> System:
    return system(app, deployment, school)


@pytest.fixture
def another(app: Flask, deployment: Deployment) -> System:
    """The system of another school."""
    return system(app, deployment, make_school(deployment, "第二小学"))
