"""Clients that no one here wrote, as real processes against the international issuer."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.flows.conftest import Site, agree, sign_in
from tests.services.processes import ROOT, free_port, needed, running

CLIENTS = ROOT / "tests" / "clients"
NODE = "apt install nodejs npm, then make clients"


def test_openid_client_signs_in_refreshes_introspects_revokes_and_signs_out(site: Site, page: Page, tmp_path: Path) -> None:
    person = site.newcomer(totp=True)
    port = free_port()
    url = f"http://localhost:{port}"
    flows = {
        "grant_types": ("authorization_code", "refresh_token", "implicit"),
        "response_types": ("code", "code id_token", "id_token"),
    }
    made = site.register("Node", f"{url}/callback", f"{url}/bye", issuer="intl", required_level=2, **flows)
    environment = {
        "PORT": str(port),
        "ISSUER": f"{site.url}/intl",
        "CLIENT_ID": made.app.id,
        "CLIENT_SECRET": made.secret or "",
    }
    command = (needed("node", NODE), CLIENTS / "openid_client.mjs")
    with running(command, answers=url, environment=environment, folder=CLIENTS, log=tmp_path / "node.log"):
        page.goto(f"{url}/start")
        sign_in(page, person)
        agree(page)
        assert "{" in page.inner_text("body"), page.inner_text("body")
        found = json.loads(page.inner_text("body"))
        assert found["claims"]["iss"] == f"{site.url}/intl"
        assert found["claims"]["acr"] == "urn:yima:acr:2"
        assert found["claims"]["amr"] == ["pwd", "otp", "mfa"]
        assert found["userinfo"]["name"] == person.name
        assert found["userinfo"]["sub"] == found["claims"]["sub"]
        assert (found["active"], found["revoked"]) == (True, False)
        assert found["replay"] == "invalid_grant"
        page.goto(f"{url}/start-dpop")
        page.wait_for_url(f"{url}/callback*")
        bound = json.loads(page.inner_text("body"))
        assert (bound["type"].lower(), bound["userinfo"]["name"], bound["replay"]) == ("dpop", person.name, "invalid_grant")
        for start in ("start-par", "start-hybrid", "start-implicit"):
            page.goto(f"{url}/{start}")
            page.wait_for_url(f"{url}/callback*")
            other = json.loads(page.inner_text("body"))
            assert other["claims"]["sub"] == found["claims"]["sub"], other
        page.goto(found["signOut"])
        assert page.url == f"{url}/bye"
        page.goto(f"{site.url}/me")
        expect(page.locator("[name=password]")).to_be_visible()


def test_a_student_signs_in_to_jupyterhub_with_password_and_code(
    site: Site, page: Page, tmp_path: Path, shot: Callable[[Page, str], Path]
) -> None:
    person = site.newcomer(totp=True)
    url = f"http://localhost:{free_port()}"
    made = site.register(
        "JupyterHub",
        f"{url}/hub/oauth_callback",
        f"{url}/",
        issuer="intl",
        required_level=2,
        token_endpoint_auth_method="client_secret_post",
    )
    environment = {
        "HUB_URL": url,
        "HUB_PORT": str(free_port()),
        "PROXY_PORT": str(free_port()),
        "NODE": needed("node", NODE),
        "PROXY_PROGRAM": str(CLIENTS / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"),
        "COOKIE_SECRET_FILE": str(tmp_path / "cookie_secret"),
        "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16),
        "ISSUER": f"{site.url}/intl",
        "CLIENT_ID": made.app.id,
        "CLIENT_SECRET": made.secret or "",
        # Its own environment: nothing of ours on its path, no proxy in between.
        "VIRTUAL_ENV": "",
        "PYTHONPATH": "",
        "http_proxy": "",
        "https_proxy": "",
        "HTTP_PROXY": "",
        "HTTPS_PROXY": "",
    }
    hub = needed(CLIENTS / ".venv" / "bin" / "jupyterhub", "make clients")
    command = (hub, "--config", CLIENTS / "jupyterhub_config.py")
    with running(command, answers=f"{url}/hub/login", environment=environment, folder=tmp_path, log=tmp_path / "hub.log"):
        page.goto(f"{url}/hub/login")
        shot(page, "jupyterhub-login")
        with page.expect_navigation():
            page.click("a[href*='oauth_login']")
        sign_in(page, person)
        agree(page)
        page.goto(f"{url}/hub/home")
        expect(page.get_by_text(person.name).first).to_be_visible()
        shot(page, "jupyterhub")
