"""An OpenID Provider on the loopback address that does as the specification says, until a test has it do otherwise."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

from idp.crypto.jose import KeySet, SoftwareSigner, generate_signer, jwt
from idp.crypto.jose.half_hash import half_hash
from tests.clocks import SettableClock

CLIENT_ID, SECRET = "yima", "a secret/with+odd characters"


@dataclass
class OpenidProvider:
    """Who is signed in there is ``person``. A test changes what it answers by ``claims``, ``token`` and the others."""

    clock: SettableClock
    signer: SoftwareSigner = field(default_factory=lambda: generate_signer("ES256"))
    url: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1", "name": "林小雨"})
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    signed_userinfo: bytes | None = None
    token: Callable[[dict[str, Any]], str] | None = None
    client_keys: KeySet | None = None
    body: bytes | None = None
    hanging: threading.Event | None = None
    redirect_uri: str = "http://localhost:8000/upstream/campus/callback"
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    exchanges: int = 0

    def authorize(self, location: str) -> dict[str, str]:
        """What the browser is sent back with from this authorization request."""
        assert location.startswith(f"{self.url}/authorize?"), location
        asked = dict(parse_qsl(urlsplit(location).query))
        self.asked.append(asked)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["redirect_uri"] == self.redirect_uri
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.url}

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "authorization_response_iss_parameter_supported": True,
        } | self.metadata

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """RFC 6749 §4.1.3, §5: a code once, for who asked for it, with the verifier."""
        self.exchanges += 1
        if not self._client(form, authorization):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now, access_token = int(self.clock.now().timestamp()), "access-1"
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "auth_time": now,
            "at_hash": half_hash(self.signer.alg, access_token),
            **self.person,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        made = self.token(claims) if self.token is not None else jwt.encode(claims, self.signer)
        return 200, {"access_token": access_token, "token_type": "Bearer", "id_token": made}

    def _client(self, form: dict[str, str], authorization: str) -> bool:
        if self.client_keys is not None:
            told = jwt.decode(form["client_assertion"], self.client_keys, algorithms=["ES256", "SGD_SM3_SM2"]).claims
            return told["iss"] == told["sub"] == CLIENT_ID and told["aud"] == f"{self.url}/token"
        if authorization.startswith("Basic "):
            name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            return (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, SECRET)
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, SECRET)


@contextmanager
def openid_provider(clock: SettableClock) -> Iterator[OpenidProvider]:
    """Listens on a free port until the block ends."""
    provider = OpenidProvider(clock)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            answers: dict[str, Callable[[], dict[str, Any]]] = {
                "/.well-known/openid-configuration": provider.document,
                "/jwks": lambda: {"keys": [provider.signer.public_jwk()]},
                "/userinfo": lambda: provider.userinfo or {"sub": provider.person["sub"]},
            }
            instead = provider.signed_userinfo if path == "/userinfo" else None
            self._answer(200 if path in answers else 404, answers[path]() if path in answers else {}, instead)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if provider.hanging is not None:
                provider.hanging.wait(30)
            once = {name: values[0] for name, values in form.items()}
            self._answer(*provider.exchange(once, self.headers.get("Authorization", "")), provider.body)

        def _answer(self, status: int, value: dict[str, Any], instead: bytes | None = None) -> None:
            body = instead if instead is not None else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        if provider.hanging is not None:
            provider.hanging.set()
        server.shutdown()
        server.server_close()
        thread.join()
