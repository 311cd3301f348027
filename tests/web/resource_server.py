"""A resource server of a school, and apps that may use it, as the tests of several specifications need them."""

from typing import Any

import pytest
from flask import Flask

from idp.deployment import Deployment
from tests.web.relying_party import RelyingParty, register_app

GRADES, LIBRARY = "https://grades.example.edu.cn/api", "urn:example:library"
TRANSCRIPT = {"type": "transcript", "actions": ["read"], "locations": [GRADES], "year": 2026}


def grades_server(app: Flask, deployment: Deployment, school: str, **changes: Any) -> RelyingParty:
    """The app that answers for the grades."""
    usual: dict[str, Any] = {
        "name": "成绩系统",
        "introspects": True,
        "resources": (GRADES,),
        "authorization_types": {"transcript": "查看成绩单"},
        "grant_types": ("client_credentials",),
        "redirect_uris": (),
    }
    return register_app(app, deployment, school, **{**usual, **changes})


@pytest.fixture
def grades(app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    return grades_server(app, deployment, school)


@pytest.fixture
def library(app: Flask, deployment: Deployment, school: str) -> RelyingParty:
    """Another resource server."""
    changes: dict[str, Any] = {"resources": (LIBRARY,), "authorization_types": {}, "access_token_format": "jwt"}
    return grades_server(app, deployment, school, name="图书馆接口", **changes)


@pytest.fixture
def planner(app: Flask, deployment: Deployment, school: str, grades: RelyingParty, library: RelyingParty) -> RelyingParty:
    """An app that may use both."""
    return register_app(
        app,
        deployment,
        school,
        name="学业规划",
        accesses=(GRADES, LIBRARY),
        authorization_details_types=("transcript",),
        grant_types=("authorization_code", "refresh_token", "client_credentials"),
    )
