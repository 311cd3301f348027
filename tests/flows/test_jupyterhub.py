"""JupyterHub, which no one here wrote, as a real process against the international issuer."""

import secrets
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.flows.conftest import Site, agree, sign_in
from tests.services.openid_client import CLIENTS, NODE_ADVICE
from tests.services.processes import free_port, needed, running


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
        "NODE": needed("node", NODE_ADVICE),
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
