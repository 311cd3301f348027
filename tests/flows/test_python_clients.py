"""Python's OAuth clients, which no one here wrote: Authlib's with our SM2 verifier on the SM issuer, requests-oauthlib on the other."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import OAuth2Error
from playwright.sync_api import Page, expect
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as RequestsOAuth2Session

from examples.relying_app import sm2_token
from idp.oidc.clients.metadata import DEVICE_CODE
from tests.flows.conftest import Newcomer, Site, agree, sign_in
from tests.services.receiver import Receiver, receiving

SCOPE = "openid profile school"


@dataclass
class School:
    """One issuer as a client reads it: its discovery document and its keys."""

    issuer: str
    session: Any

    @property
    def metadata(self) -> Any:
        return self.session.request("GET", f"{self.issuer}/.well-known/openid-configuration", withhold_token=True).json()

    @property
    def keys(self) -> Any:
        return self.session.request("GET", self.metadata["jwks_uri"], withhold_token=True).json()


@pytest.fixture(scope="module")
def web() -> Iterator[Receiver]:
    """Where browsers come back to."""
    with receiving() as receiver:
        receiver.documents |= {"/callback": b"welcome", "/bye": b"bye"}
        receiver.content_type = "text/plain"
        yield receiver


@pytest.fixture
def person(site: Site) -> Newcomer:
    return site.newcomer(totp=True)


def come_back(page: Page, web: Receiver, url: str, person: Newcomer) -> str:
    """Goes through the provider's pages and returns the address that the app was called back at."""
    page.goto(url)
    sign_in(page, person)
    agree(page)
    page.wait_for_url(f"{web.url}/callback*")
    return page.url


def authlib_client(site: Site, web: Receiver, **changes: object) -> OAuth2Session:
    made = site.register("Authlib", f"{web.url}/callback", f"{web.url}/bye", **changes)
    client = OAuth2Session(made.app.id, made.secret, scope=SCOPE, redirect_uri=f"{web.url}/callback", code_challenge_method="S256")
    client.trust_env = False
    return client


def test_authlib_with_our_sm2_verifier_signs_in_refreshes_and_signs_out_on_the_sm_issuer(
    site: Site, page: Page, web: Receiver, person: Newcomer
) -> None:
    client = authlib_client(site, web)
    school = School(site.url, client)
    metadata = school.metadata
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    back = come_back(page, web, url, person)
    token = client.fetch_token(metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier)
    keys = school.keys["keys"]
    claims = sm2_token.verify(token["id_token"], keys, issuer=site.url, client_id=client.client_id, nonce=nonce)
    with pytest.raises(sm2_token.InvalidToken):
        sm2_token.verify(token["id_token"], keys, issuer=site.url, client_id=client.client_id, nonce="another")
    details = client.get(metadata["userinfo_endpoint"]).json()
    assert (details["sub"], details["name"]) == (claims["sub"], person.name)

    first = token["refresh_token"]
    renewed = client.refresh_token(metadata["token_endpoint"], refresh_token=first)
    again = sm2_token.verify(renewed["id_token"], keys, issuer=site.url, client_id=client.client_id, nonce=None)
    assert (again["sub"], again["auth_time"]) == (claims["sub"], claims["auth_time"])
    told = client.introspect_token(metadata["introspection_endpoint"], token=renewed["access_token"]).json()
    assert told["active"] is True
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.refresh_token(metadata["token_endpoint"], refresh_token=first)

    page.goto(
        f"{metadata['end_session_endpoint']}?id_token_hint={token['id_token']}&post_logout_redirect_uri={web.url}/bye&state=later"
    )
    assert page.url == f"{web.url}/bye?state=later"
    page.goto(f"{site.url}/me")
    expect(page.locator("[name=password]")).to_be_visible()


def test_authlib_refuses_an_answer_to_another_request_and_the_provider_a_wrong_verifier(
    site: Site, page: Page, web: Receiver, person: Newcomer
) -> None:
    client = authlib_client(site, web)
    metadata = School(site.url, client).metadata
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=secrets.token_urlsafe(48))
    back = come_back(page, web, url, person)
    with pytest.raises(AuthlibBaseError, match="state"):
        client.fetch_token(metadata["token_endpoint"], authorization_response=back, state="another")
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.fetch_token(
            metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=secrets.token_urlsafe(48)
        )


def test_authlib_pushes_its_request_to_the_sm_issuer_and_gives_its_token_back(
    site: Site, page: Page, web: Receiver, person: Newcomer
) -> None:
    client = authlib_client(site, web, require_pushed_authorization_requests=True)
    metadata = School(site.url, client).metadata
    verifier = secrets.token_urlsafe(48)
    whole, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    auth = client.client_auth(client.token_endpoint_auth_method)
    pushed = client.request(
        "POST",
        metadata["pushed_authorization_request_endpoint"],
        data=dict(parse_qsl(urlsplit(whole).query)),
        auth=auth,
        withhold_token=True,
    ).json()
    url = f"{metadata['authorization_endpoint']}?{urlencode({'client_id': client.client_id, 'request_uri': pushed['request_uri']})}"
    back = come_back(page, web, url, person)
    token = client.fetch_token(metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier)
    client.revoke_token(metadata["revocation_endpoint"], token=token["refresh_token"])
    told = client.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()
    assert told == {"active": False}


def test_authlib_on_a_screen_without_a_keyboard_gets_sm2_tokens_once_the_person_agrees(
    site: Site, page: Page, web: Receiver, person: Newcomer
) -> None:
    client = authlib_client(site, web, grant_types=(DEVICE_CODE,))
    school = School(site.url, client)
    metadata = school.metadata
    asked = {"client_id": client.client_id, "scope": SCOPE}
    auth = client.client_auth(client.token_endpoint_auth_method)
    started = client.request("POST", metadata["device_authorization_endpoint"], data=asked, auth=auth, withhold_token=True).json()
    page.goto(started["verification_uri_complete"])
    sign_in(page, person)
    agree(page)
    token = client.fetch_token(metadata["token_endpoint"], grant_type=DEVICE_CODE, device_code=started["device_code"])
    claims = sm2_token.verify(token["id_token"], school.keys["keys"], issuer=site.url, client_id=client.client_id, nonce=None)
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert client.get(metadata["userinfo_endpoint"]).json()["name"] == person.name


def test_requests_oauthlib_signs_in_and_refreshes_on_the_international_issuer(
    site: Site, page: Page, web: Receiver, person: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the loopback address has no TLS
    made = site.register("requests-oauthlib", f"{web.url}/callback", f"{web.url}/bye", issuer="intl")
    client = RequestsOAuth2Session(made.app.id, redirect_uri=f"{web.url}/callback", scope=SCOPE.split(), pkce="S256")
    client.trust_env = False
    school = School(f"{site.url}/intl", client)
    metadata = school.metadata
    nonce = secrets.token_urlsafe(16)
    url, _ = client.authorization_url(metadata["authorization_endpoint"], nonce=nonce)
    back = come_back(page, web, url, person)
    token = client.fetch_token(metadata["token_endpoint"], authorization_response=back, client_secret=made.secret)
    claims = jwt.decode(token["id_token"], KeySet.import_key_set(school.keys), algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (f"{site.url}/intl", made.app.id, nonce)
    details = client.get(metadata["userinfo_endpoint"]).json()
    assert (details["sub"], details["name"]) == (claims["sub"], person.name)
    auth = HTTPBasicAuth(made.app.id, made.secret or "")
    first = token["refresh_token"]
    renewed = client.refresh_token(metadata["token_endpoint"], refresh_token=first, auth=auth)
    assert renewed["access_token"] != token["access_token"]
    with pytest.raises(OAuth2Error, match="invalid_grant"):
        client.refresh_token(metadata["token_endpoint"], refresh_token=first, auth=auth)
