"""A browser and an app in one, as lean as the protocol lets them be: for load, not for looks."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from bench.site import CALLBACK, Site
from idp.oidc.clients.registration import Registered
from tests.people import PASSWORD

_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Session:
    """One person's browser at one provider, used by one app."""

    site: Site
    app: Registered
    number: str
    client: httpx.Client

    @classmethod
    def open(cls, site: Site, app: Registered, number: str) -> "Session":
        """A browser without cookies."""
        return cls(site, app, number, httpx.Client(base_url=site.url, trust_env=False, timeout=30))

    def code_flow(self) -> dict[str, Any]:
        """From the app's redirect to its tokens; signs in by password where nobody is signed in."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self.app.app.id,
            "redirect_uri": CALLBACK,
            "scope": "openid profile",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": "s",
            "nonce": "n",
        }
        response = self.follow(self.client.get("/oauth/authorize", params=query))
        code = parse_qs(urlsplit(response.headers["location"]).query)["code"][0]
        data = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": CALLBACK}
        answer = self.client.post("/oauth/token", data=data, auth=(self.app.app.id, self.app.secret or ""))
        return dict(answer.raise_for_status().json())

    def follow(self, response: httpx.Response) -> httpx.Response:
        """Goes on until the browser is sent back to the app."""
        while not response.headers.get("location", "").startswith(CALLBACK):
            response = self._next(response)
        return response

    def _next(self, response: httpx.Response) -> httpx.Response:
        if response.is_redirect:
            return self.client.get(urljoin(str(response.url), response.headers["location"]))
        token = _CSRF.search(response.text)
        flow = parse_qs(urlsplit(str(response.url)).query).get("flow")
        if token is None or flow is None:
            raise RuntimeError(f"unexpected page {response.url}: {response.status_code}")
        fields = {"csrf_token": token[1], "flow": flow[0], "account": self.number, "password": PASSWORD}
        return self.client.post("/login/password", data=fields)
