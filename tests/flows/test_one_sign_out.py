"""One sign-in, every app, one sign-out. CAS, SAML and OpenID Connect by programs that no one here wrote, and each is asked to prove it."""

import base64
import re
import secrets
import shutil
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import OAuth2Error
from playwright.sync_api import Browser, Page, expect
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from idp.apps.register import Particulars
from idp.deployment import open_deployment
from idp.settings import Settings
from idp.sso.cas import registration as cas_registration
from idp.sso.cas.rules import Rules as CasRules
from idp.sso.saml import metadata
from idp.sso.saml import registration as saml_registration
from idp.sso.saml.rules import Rules as SamlRules
from idp.sso.saml.server import make_server
from tests.flows.conftest import SCREENSHOTS, Newcomer, NewContext, Site, sign_in
from tests.flows.test_accessibility import AXE
from tests.people import OPERATOR, make_school
from tests.services.cas_clients import running_apache, running_django, running_python_cas
from tests.services.openid_client import Apps, running_openid_client
from tests.services.processes import ROOT, free_port, running
from tests.services.provider import running_provider
from tests.services.receiver import Receiver, receiving
from tests.services.saml_clients import running_pysaml2, running_shibboleth

pytestmark = pytest.mark.xdist_group("flows-sign-out")
SIGN_OUT_SECONDS = 30
PYTHON_CAS = ("3", "CAS_2_SAML_1_0", "proxy", "2", "1")


@dataclass
class Campus:
    """The provider, its apps by what they are, and the addresses of pages that need a sign-in with what they show then."""

    site: Site
    at: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    requests_oauthlib: Any = None
    web: Receiver = field(default_factory=Receiver)


@pytest.fixture(scope="module")
def campus(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """Provider and apps, started once."""
    folder = tmp_path_factory.mktemp("sign-out")
    shutil.copytree(sqlite_template, folder / "yima")
    port = free_port()
    url = f"http://localhost:{port}"
    settings = Settings(home=folder / "yima", bind=f"localhost:{port}", public_url=url, allow_private_fetches=True, phone_url="")
    deployment = open_deployment(settings)
    here = Campus(Site(deployment, url, make_school(deployment, "实验小学"), "", "", "sqlite"))
    with ExitStack() as stack:
        stack.callback(deployment.close)
        stack.enter_context(running_provider(settings, folder / "provider.log"))
        add_cas(here, stack, folder)
        add_saml(here, stack, folder)
        add_openid(here, stack, folder)
        yield here


def add_cas(here: Campus, stack: ExitStack, folder: Path) -> None:
    """Apache with mod_auth_cas, django-cas-ng, and python-cas in every version of the protocol."""
    kinds = {"成绩查询": running_apache, "教务系统": running_django, "图书馆": running_python_cas}
    for name, run in kinds.items():
        port = free_port()
        address = f"http://localhost:{port}"
        callbacks = (f"{address}/pgt",) if name == "图书馆" else ()
        rules = CasRules(user="local_number", attributes={"cn": "name"}, trusted=True, proxy_callbacks=callbacks)
        particulars = Particulars(name, here.site.school, "it@example.edu.cn", "演示", rules.scopes)
        with here.site.deployment.transaction(OPERATOR) as tx:
            cas_registration.add(tx, cas_registration.Registration(particulars, (address,), rules))
        more = () if name == "成绩查询" else (folder,)
        here.at[name] = stack.enter_context(run(here.site.url, port, *more))  # type: ignore[operator]
    here.pages |= {f"{here.at['成绩查询']}/secret/": "secret", f"{here.at['教务系统']}/": "{number} {name}"}
    names = {version: "{number}" if version in ("1", "2") else "{number} {name}" for version in PYTHON_CAS}
    here.pages |= {f"{here.at['图书馆']}/{version}": shown for version, shown in names.items()}


def add_saml(here: Campus, stack: ExitStack, folder: Path) -> None:
    """Apache with Shibboleth SP 3, and pysaml2: each is registered by the metadata that it writes of itself."""
    saml, url = make_server(here.site.deployment), here.site.url
    now = here.site.deployment.clock.now()
    signing = base64.encodebytes(base64.b64decode(saml.certificates(now)[saml.signer(now).kid])).decode()
    certificate = f"-----BEGIN CERTIFICATE-----\n{signing}-----END CERTIFICATE-----\n"
    here.at["电子期刊"] = stack.enter_context(running_shibboleth(url, free_port(), certificate))
    here.at["选课系统"] = stack.enter_context(running_pysaml2(url, free_port(), folder))
    for name, path in (("电子期刊", "Shibboleth.sso/Metadata"), ("选课系统", "metadata")):
        with urllib.request.urlopen(f"{here.at[name]}/{path}") as answer:
            described = metadata.read(answer.read())
        rules = SamlRules.of(attributes=("eduPersonScopedAffiliation", "pairwise-id", "displayName"), trusted=True)
        particulars = Particulars(name, here.site.school, "it@example.edu.cn", "演示", rules.scopes)
        with here.site.deployment.transaction(OPERATOR) as tx:
            saml_registration.add(tx, saml_registration.Registration(particulars, described, rules))
    here.pages |= {f"{here.at['电子期刊']}/secret/": "secret", f"{here.at['选课系统']}/": "{name}"}


def add_openid(here: Campus, stack: ExitStack, folder: Path) -> None:
    """Our example app, openid-client, and requests-oauthlib."""
    site, port = here.site, free_port()
    example = here.at["社团报名"] = f"http://localhost:{port}"
    told = {"trusted": True, "backchannel_logout_uri": f"{example}/session-ended"}
    made = site.register("社团报名", f"{example}/callback", f"{example}/", **told)
    environment = {"APP_NAME": "社团报名", "APP_URL": example, "OTHER_APP_URL": "", "ISSUER": site.url}
    environment |= {"CLIENT_ID": made.app.id, "CLIENT_SECRET": made.secret or ""}
    command = (sys.executable, "-m", "examples.relying_app")
    stack.enter_context(running(command, answers=example, environment=environment, folder=ROOT, log=folder / "example.log"))

    node = Apps(f"{site.url}/intl")
    grants = ("authorization_code", "refresh_token")
    node.add(
        "plain", site.register("食堂", f"{node.url}/callback", f"{node.url}/bye", issuer="intl", trusted=True, grant_types=grants)
    )
    here.at["食堂"] = stack.enter_context(running_openid_client(node, "code", log=folder / "node.log"))

    here.web = stack.enter_context(receiving())
    here.web.documents["/callback"], here.web.content_type = b"welcome", "text/plain"
    back = f"{here.web.url}/callback"
    told = {"trusted": True, "issuer": "intl", "backchannel_logout_uri": f"{here.web.url}/told"}
    made = site.register("课表", back, f"{here.web.url}/bye", **told)
    here.requests_oauthlib = OAuth2Session(made.app.id, redirect_uri=back, scope=["openid", "profile"], pkce="S256")
    here.requests_oauthlib.trust_env = False
    here.requests_oauthlib.auth = HTTPBasicAuth(made.app.id, made.secret or "")


def test_one_sign_in_opens_every_app_and_one_sign_out_closes_them_all(
    campus: Campus, context: NewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the loopback address has no TLS
    page, person = context(width=390, height=844).new_page(), campus.site.newcomer(totp=True)
    asked = walk(campus, page, person)
    page.goto(f"{campus.at['社团报名']}/sign-in")
    expect(page.locator("body")).to_contain_text(person.name)
    page.goto(f"{campus.at['食堂']}/start/code")
    page.wait_for_url(f"{campus.at['食堂']}/callback*")
    assert person.name in page.inner_text("body")
    claims, tokens = sign_in_to_requests_oauthlib(campus, page)
    assert asked == 1
    check_headers(campus, page)

    page.goto(f"{campus.site.url}/logout")
    page.click("main form[action$='/logout'] button")
    expect(page).to_have_url(re.compile("/signed-out/"))
    # mod_auth_cas, django-cas-ng, python-cas, Shibboleth, pysaml2, the example and requests-oauthlib; openid-client has no address
    # to be told at.
    expect(page.locator(".sign-outs li.done")).to_have_count(7, timeout=SIGN_OUT_SECONDS * 1000)
    expect(page.locator(".sign-outs li:not(.done)")).to_have_text([re.compile("食堂.*请关闭这个应用的窗口")])
    expect(page.locator("#summary")).to_contain_text("请按下面的提示关闭它")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert not [one["id"] for one in found if one["impact"] in ("serious", "critical")]
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "sign-out.png", full_page=True)

    for address in (*campus.pages, f"{campus.at['食堂']}/start/code"):
        closed(page, address)
    page.goto(campus.at["社团报名"])
    expect(page.locator("body")).not_to_contain_text(person.name)
    (told,) = [parse_qs(body.decode())["logout_token"][0] for path, _, body in campus.web.received if path == "/told"]
    keys = campus.requests_oauthlib.request("GET", f"{campus.site.url}/intl/oauth/jwks", withhold_token=True).json()
    token = jwt.decode(told, KeySet.import_key_set(keys), algorithms=["RS256"]).claims
    assert (token["sub"], token["sid"]) == (claims["sub"], claims["sid"])
    forged = page.request.post(f"{campus.at['社团报名']}/session-ended", form={"logout_token": told})  # another app's
    assert forged.status == 400
    with pytest.raises(OAuth2Error, match="invalid_grant"):
        campus.requests_oauthlib.refresh_token(f"{campus.site.url}/intl/oauth/token", refresh_token=tokens["refresh_token"])


def test_a_sign_out_at_one_app_ends_the_others_and_answers_it(campus: Campus, page: Page) -> None:
    walk(campus, page, campus.site.newcomer())
    page.goto(f"{campus.at['选课系统']}/sign-out")
    expect(page.locator("#bye")).to_have_text("bye")
    for address in campus.pages:
        closed(page, address)


def test_without_scripts_the_page_opens_the_apps_pages_and_reloads_itself(campus: Campus, chromium: Browser) -> None:
    address = f"{campus.web.url}/board"
    campus.web.documents |= {"/board": b"board", "/board-front": b"signed out"}
    told = {
        "trusted": True,
        "frontchannel_logout_uri": f"{address}-front",
        "backchannel_logout_uri": f"{campus.web.url}/board-told",
    }
    made = campus.site.register("公告栏", address, f"{campus.web.url}/bye", issuer="intl", **told)
    query = {"client_id": made.app.id, "response_type": "code", "scope": "openid", "redirect_uri": address}
    query |= {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
    browser = chromium.new_context(locale="zh-CN", java_script_enabled=False)
    try:
        page = browser.new_page()
        page.goto(f"{campus.site.url}/intl/oauth/authorize?{urlencode(query)}")
        sign_in(page, campus.site.newcomer())
        page.wait_for_url(f"{address}*")
        page.goto(f"{campus.site.url}/logout")
        page.click("main form[action$='/logout'] button")
        page.wait_for_url("**/signed-out/*?again=1", timeout=SIGN_OUT_SECONDS * 1000)
        # The page was opened in a frame, once; that it has loaded nobody can tell without scripts.
        assert [path for path in campus.web.fetched if path.startswith("/board-front")]
        assert not page.locator("iframe").count()
        expect(page.locator(".sign-outs li")).to_have_text(
            re.compile("没有回应：请关闭这个应用的窗口"), timeout=SIGN_OUT_SECONDS * 1000
        )
        assert [path for path, _, _ in campus.web.received if path == "/board-told"]
    finally:
        browser.close()


def walk(campus: Campus, page: Page, person: Newcomer) -> int:
    """Opens the pages of every CAS and SAML app; returns how often the person was asked to sign in."""
    asked = 0
    number = f"F{person.name.removeprefix('林小雨'):0>3}"
    for address, shown in campus.pages.items():
        page.goto(address)
        if page.locator("[name=password]").count():
            asked += 1
            sign_in(page, person)
        expect(page.locator("#user")).to_have_text(shown.format(number=number, name=person.name).strip())
        assert page.url.startswith(address.rstrip("/"))
    return asked


def check_headers(campus: Campus, page: Page) -> None:
    """What the two Apaches say of who came. Shibboleth has checked signature, decryption, audience, and the scope of our metadata."""
    cas, shibboleth = page.goto(f"{campus.at['成绩查询']}/secret/"), page.goto(f"{campus.at['电子期刊']}/secret/")
    assert cas is not None
    assert shibboleth is not None
    assert re.fullmatch(r"F\d{3}", cas.headers["x-signed-in"])
    assert re.fullmatch(r"[a-z2-7]{52}@localhost", shibboleth.headers["x-signed-in"])
    assert shibboleth.headers["x-affiliation"] == "student@localhost;member@localhost"


def sign_in_to_requests_oauthlib(campus: Campus, page: Page) -> tuple[dict[str, Any], dict[str, Any]]:
    """Goes through the code flow; returns the claims of the ID token, and the tokens."""
    client, issuer = campus.requests_oauthlib, f"{campus.site.url}/intl"
    page.goto(client.authorization_url(f"{issuer}/oauth/authorize", nonce=secrets.token_urlsafe(16))[0])
    page.wait_for_url(f"{campus.web.url}/callback*")
    tokens = client.fetch_token(f"{issuer}/oauth/token", authorization_response=page.url, auth=client.auth)
    keys = client.request("GET", f"{issuer}/oauth/jwks", withhold_token=True).json()
    return jwt.decode(tokens["id_token"], KeySet.import_key_set(keys), algorithms=["RS256"]).claims, tokens


def closed(page: Page, address: str) -> None:
    """Asks an app until it sends the browser to the sign-in; a message of the outbox may still be on its way."""
    deadline = time.monotonic() + SIGN_OUT_SECONDS
    page.goto(address)
    while not page.locator("[name=password]").count():
        assert time.monotonic() < deadline, f"{address} still lets in"
        page.wait_for_load_state()
        page.goto(address)
    page.goto("about:blank")
