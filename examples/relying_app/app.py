"""The app: sign in, show who came, ask for a second factor where it matters, sign out."""

import secrets
from dataclasses import dataclass

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from flask import Flask, redirect, render_template, request, session, url_for
from werkzeug.wrappers.response import Response

from examples.relying_app import sm2_token

SECOND_FACTOR = "urn:yima:acr:2"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True)
class Config:
    """What the school was told when it registered this app, and the app's own name and address."""

    name: str
    url: str
    issuer: str
    client_id: str
    client_secret: str
    other_url: str = ""
    """Another app of the school, to show that nobody signs in twice."""


class SM2Client(FlaskOAuth2App):
    """Authlib's client, with the one thing it does not know: a token signed with SM2."""

    def parse_id_token(self, token, nonce, *_unused, leeway=60, **_also_unused):
        """Called by Authlib with the token endpoint's answer. Raises :class:`sm2_token.InvalidToken`."""
        return self.verified(token["id_token"], nonce, leeway)

    def ended_session(self, logout_token):
        """The session that the school says has ended (Back-Channel Logout 1.0 §2.6). Raises :class:`sm2_token.InvalidToken`."""
        claims = self.verified(logout_token, nonce=None)
        if LOGOUT not in claims.get("events", {}) or "sid" not in claims:
            raise sm2_token.InvalidToken("no logout token")
        return claims["sid"]

    def verified(self, token, nonce, leeway=60):
        """The claims of a token of the school for this app."""
        metadata = self.load_server_metadata()
        check = {"issuer": metadata["issuer"], "client_id": self.client_id, "nonce": nonce, "leeway": leeway}
        try:
            return sm2_token.verify(token, self.fetch_jwk_set()["keys"], **check)
        except sm2_token.InvalidToken:  # a key that is new since: look once more
            return sm2_token.verify(token, self.fetch_jwk_set(force=True)["keys"], **check)


def create_app(config: Config) -> Flask:
    """The Flask application."""
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes(32)
    app.json.ensure_ascii = False  # names are shown as they are written
    # Two apps on one host share its cookies: each has its own name for them.
    app.config.update(SESSION_COOKIE_NAME=f"app_{config.client_id}", SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)
    school = OAuth(app).register(
        "school",
        client_cls=SM2Client,
        client_id=config.client_id,
        client_secret=config.client_secret,
        server_metadata_url=f"{config.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile school", "code_challenge_method": "S256"},
    )

    ended: set[str] = set()  # an app with more than one process keeps this in its database

    @app.get("/")
    def home() -> str:
        if session.get("sid") in ended:
            session.clear()
        return render_template("home.html", app=config, person=session.get("person"), second_factor=SECOND_FACTOR)

    @app.get("/sign-in")
    def sign_in() -> Response:
        wanted = {"acr_values": SECOND_FACTOR} if "careful" in request.args else {}
        return school.authorize_redirect(f"{config.url}/callback", **wanted)

    @app.get("/callback")
    def callback() -> Response | tuple[str, int]:
        try:
            token = school.authorize_access_token()
        except (OAuthError, sm2_token.InvalidToken) as error:
            reason = getattr(error, "error", "invalid_token")
            return render_template(
                "failed.html", app=config, reason=reason, description=getattr(error, "description", "") or error
            ), 400
        person = token["userinfo"]  # what parse_id_token returned: iss, sub, acr, amr, auth_time …
        details = school.userinfo(token=token)
        if details["sub"] != person["sub"]:  # OpenID Connect Core 1.0 §5.3.2
            return render_template("failed.html", app=config, reason="sub", description=""), 400
        session.clear()
        session["person"] = {**details, **{name: person[name] for name in ("iss", "acr", "amr", "auth_time")}}
        session["id_token"], session["sid"] = token["id_token"], person.get("sid")
        return redirect(url_for("home"))

    @app.post("/session-ended")
    def session_ended() -> tuple[str, int]:
        """The school says, from server to server, that somebody has signed out."""
        try:
            ended.add(school.ended_session(request.form.get("logout_token", "")))
        except sm2_token.InvalidToken:
            return "", 400
        return "", 204

    @app.post("/sign-out")
    def sign_out() -> Response:
        hint = session.get("id_token")
        session.clear()
        return school.logout_redirect(post_logout_redirect_uri=f"{config.url}/", id_token_hint=hint)

    return app
