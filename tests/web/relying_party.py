"""An app of a school, as the tests play it: makes authorization requests and calls the endpoints for programs."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask

from idp.apps import register
from idp.crypto.jose import KeySet, jwt
from idp.deployment import Deployment
from idp.oidc.clients import registration
from tests.people import OPERATOR
from tests.registrations import ALL_DATA, registration_of
from tests.web.pages import HOST

CALLBACK = "https://app.example.edu.cn/callback"
AFTER = "https://app.example.edu.cn/"


@dataclass
class Answer:
    """What an endpoint answered."""

    status: int
    body: Any
    headers: Any

    @property
    def error(self) -> str:
        """The specification's code of the error."""
        return str(self.body["error"])


@dataclass
class RelyingParty:
    """A registered client."""

    app: Flask
    deployment: Deployment
    client_id: str
    secret: str | None
    issuer: str = "sm"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(8))

    @property
    def prefix(self) -> str:
        """Where the issuer's addresses begin."""
        return "" if self.issuer == "sm" else "/intl"

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """A complete authorization request; a change of ``None`` leaves the parameter out."""
        wanted: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid profile school",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**wanted, **changes}.items() if value is not None}

    def authorize_url(self, **changes: str | None) -> str:
        """Where the app sends the browser."""
        return f"{HOST}{self.prefix}/oauth/authorize?{urlencode(self.parameters(**changes))}"

    def call(
        self, name: str, data: dict[str, str] | None = None, *, method: str = "POST", headers: dict[str, str] | None = None
    ) -> Answer:
        """Calls an endpoint as it is, with nothing added."""
        response = self.app.test_client().open(
            f"{self.prefix}/oauth/{name}", method=method, data=data, headers=headers, base_url=HOST
        )
        text = response.get_data(as_text=True)
        return Answer(response.status_code, json.loads(text) if text else None, response.headers)

    def basic(self) -> dict[str, str]:
        """The header of client_secret_basic (RFC 6749 §2.3.1)."""
        pair = f"{quote(self.client_id, safe='')}:{quote(self.secret or '', safe='')}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def authenticated(self, name: str, data: dict[str, str]) -> Answer:
        """Calls an endpoint as this client."""
        if self.secret is None:
            return self.call(name, {"client_id": self.client_id, **data})
        return self.call(name, data, headers=self.basic())

    def exchange(self, code: str, **changes: str) -> Answer:
        """Exchanges a code."""
        data = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": self.verifier}
        return self.authenticated("token", {**data, **changes})

    def refresh(self, token: str, **more: str) -> Answer:
        """Spends a refresh token."""
        return self.authenticated("token", {"grant_type": "refresh_token", "refresh_token": token, **more})

    def userinfo(self, token: str) -> Answer:
        """Asks who the person is."""
        return self.call("userinfo", method="GET", headers={"Authorization": f"Bearer {token}"})

    def introspect(self, token: str) -> Answer:
        """Asks what a token is."""
        return self.authenticated("introspect", {"token": token})

    def claims_of(self, id_token: str) -> dict[str, Any]:
        """The claims of an ID token whose signature holds against the published keys."""
        answer = self.call("jwks", method="GET")
        return dict(
            jwt.decode(id_token, KeySet.from_document(answer.body), algorithms=["SGD_SM3_SM2", "RS256", "ES256", "PS256"]).claims
        )


def register_app(app: Flask, deployment: Deployment, owner: str, **changes: Any) -> RelyingParty:
    """Registers an app of ``owner`` and plays it."""
    scopes = changes.pop("scopes", ALL_DATA)
    name = changes.pop("name", "图书馆")
    usual = register.Particulars(name, owner, "it@example.edu.cn", "借书", scopes)
    particulars = changes.pop("particulars", usual)
    wanted = {"redirect_uris": (CALLBACK,), "post_logout_redirect_uris": (AFTER,), **changes}
    with deployment.transaction(OPERATOR) as tx:
        made = registration.add(tx, registration_of(particulars, **wanted), deployment.settings)
    return RelyingParty(app, deployment, made.app.id, made.secret, issuer=wanted.get("issuer", "sm"))
