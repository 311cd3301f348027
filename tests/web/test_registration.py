"""Registering an app: what contradicts a rule is refused, and says why."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.apps import register
from idp.apps.errors import InvalidRegistration, NoSuchApp
from idp.apps.tables import App
from idp.crypto.jose import generate_signer
from idp.deployment import Deployment
from idp.oidc.clients import registration
from idp.registry import institution_lifecycle
from idp.registry.errors import NoSuchInstitution
from tests.people import OPERATOR
from tests.web.relying_party import register_app

KEY = generate_signer("ES256")


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": ()},
        {"redirect_uris": ("http://app.example.edu.cn/callback",)},
        {"redirect_uris": ("https://app.example.edu.cn/callback#x",)},
        {"redirect_uris": ("https://user@app.example.edu.cn/callback",)},
        {"redirect_uris": ("https://*.example.edu.cn/callback",)},
        {"redirect_uris": ("javascript:alert(1)",)},
        {"redirect_uris": ("app.example.edu.cn",)},
        {"redirect_uris": ("https://",)},
        {"redirect_uris": ("https://app.example.edu.cn/" + "x" * 3000,)},
        {"redirect_uris": tuple(f"https://app.example.edu.cn/{n}" for n in range(21))},
        {"post_logout_redirect_uris": ("http://app.example.edu.cn/",)},
        {"issuer": "other"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"grant_types": ("password",)},
        {"response_types": ("token",)},
        {"response_types": ("code", "none")},
        {"response_types": ("id_token",)},
        {"response_types": ("code id_token",)},
        {"response_types": ("code id_token",), "grant_types": ("implicit",)},
        {"response_types": ("id_token",), "grant_types": ("implicit",), "redirect_uris": ()},
        {"grant_types": ()},
        {"token_endpoint_auth_method": "none", "grant_types": ("authorization_code", "client_credentials")},
        {"id_token_signed_response_alg": "RS256"},
        {"issuer": "intl", "id_token_signed_response_alg": "SGD_SM3_SM2"},
        {"id_token_signed_response_alg": "none"},
        {"access_token_format": "paper"},
        {"required_level": 0},
        {"required_level": 5},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {}},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [KEY.private_jwk()]}},
        {"jwks": {"keys": []}},
        {"scopes": {"openid", "everything"}},
        {"name": ""},
        {"name": "x" * 101},
    ],
)
def test_what_contradicts_a_rule_is_refused_and_nothing_is_written(
    app: Flask, deployment: Deployment, school: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRegistration):
        register_app(app, deployment, school, **changes)
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(App)) == 0


def test_an_owner_that_is_not_an_active_institution_is_refused(app: Flask, deployment: Deployment, school: str) -> None:
    with pytest.raises(NoSuchInstitution):
        register_app(app, deployment, "2111999999")
    with deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.close(tx, school)
    with pytest.raises(InvalidRegistration):
        register_app(app, deployment, school)


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost:8001/callback", "https://id.example.edu.cn/a?b=c"],
)
def test_https_or_loopback_is_fine(app: Flask, deployment: Deployment, school: str, uri: str) -> None:
    assert register_app(app, deployment, school, redirect_uris=(uri,)).client_id.startswith("app_")


def test_an_app_that_is_not_there_is_said_so(deployment: Deployment) -> None:
    for work in (register.suspend, registration.rotate_secret):
        with pytest.raises(NoSuchApp), deployment.transaction(OPERATOR) as tx:
            work(tx, "app_unknown")
