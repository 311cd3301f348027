"""A session whose app hands its requests over itself and binds its tokens to a key (RFC 9126, RFC 9449)."""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.sign_in import Session
from bench.site import CALLBACK
from idp.crypto import base64url
from idp.crypto.jose import SoftwareSigner, generate_signer


@dataclass
class BoundSession(Session):
    """Like its parent, with PAR and a DPoP proof."""

    key: SoftwareSigner = field(default_factory=lambda: generate_signer("ES256"))

    def code_flow(self) -> dict[str, Any]:
        """From the pushed request to bound tokens."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        credentials = (self.app.app.id, self.app.secret or "")
        request = {
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": "s",
            "nonce": "n",
        }
        pushed = self.client.post("/oauth/par", data=request, auth=credentials).raise_for_status().json()
        query = {"client_id": self.app.app.id, "request_uri": pushed["request_uri"]}
        response = self.follow(self.client.get("/oauth/authorize", params=query))
        code = parse_qs(urlsplit(response.headers["location"]).query)["code"][0]
        data = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": CALLBACK}
        headers = {"DPoP": self._proof(f"{self.site.url}/oauth/token")}
        answer = self.client.post("/oauth/token", data=data, auth=credentials, headers=headers)
        return dict(answer.raise_for_status().json())

    def _proof(self, url: str) -> str:
        jwk = {name: value for name, value in self.key.public_jwk().items() if name in ("kty", "crv", "x", "y")}
        header = {"alg": self.key.alg, "typ": "dpop+jwt", "jwk": jwk}
        claims = {"htm": "POST", "htu": url, "iat": int(time.time()), "jti": secrets.token_hex(8)}
        text = ".".join(base64url.encode(json.dumps(part).encode()) for part in (header, claims))
        return f"{text}.{base64url.encode(self.key.sign(text.encode()))}"
