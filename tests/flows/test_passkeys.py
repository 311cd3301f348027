"""Passkeys in Chromium, before its virtual authenticator: what the page's script, the browser and the server make of each other."""

import json
from typing import Any
from urllib.parse import parse_qs

from playwright.sync_api import CDPSession, Page, expect

from idp.mfa import credentials
from tests.flows.conftest import Newcomer, NewContext, Site, send


class VirtualAuthenticator:
    """A device of the page's browser that verifies its owner, or does not."""

    def __init__(self, page: Page, *, verified: bool = True, passkeys: list[dict[str, Any]] | None = None) -> None:
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verified,
            "automaticPresenceSimulation": True,
        }
        self._id = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
        for passkey in passkeys or []:
            self._cdp.send("WebAuthn.addCredential", {"authenticatorId": self._id, "credential": passkey})

    def passkeys(self) -> list[dict[str, Any]]:
        """All that is in it, keys and counts too, for a copy."""
        found = self._cdp.send("WebAuthn.getCredentials", {"authenticatorId": self._id})["credentials"]
        wanted = ("credentialId", "isResidentCredential", "rpId", "privateKey", "userHandle", "signCount")
        return [{name: one[name] for name in wanted} for one in found]


WITHOUT_AUTOFILL = "PublicKeyCredential.isConditionalMediationAvailable = undefined"
"""A browser of before autofill: there a passkey is used by the button alone."""


def fresh_page(context: NewContext) -> Page:
    page = context().new_page()
    page.add_init_script(WITHOUT_AUTOFILL)
    return page


def make_passkey(site: Site, page: Page, person: Newcomer) -> None:
    """Signs in by password and makes a passkey on the self-service page."""
    page.goto(f"{site.url}/login")
    send(page, account=person.known.number, password=person.password)
    page.goto(f"{site.url}/me/factors/passkey")
    press(page)


def press(page: Page) -> None:
    with page.expect_navigation():
        page.click("#passkey button")


def lock_reasons(site: Site, person: Newcomer) -> list[str | None]:
    with site.deployment.reading() as session:
        return [row.lock_reason for row in credentials.held_by(session, person.known.id) if row.kind == "passkey"]


def test_a_passkey_is_made_and_is_then_the_second_step(site: Site, context: NewContext) -> None:
    person, first = site.newcomer(), fresh_page(context)
    device = VirtualAuthenticator(first)
    make_passkey(site, first, person)
    assert first.url == f"{site.url}/me/recovery"
    second = fresh_page(context)
    VirtualAuthenticator(second, passkeys=device.passkeys())
    second.goto(f"{site.url}/login")
    send(second, account=person.known.number, password=person.password)
    press(second)
    assert second.url == f"{site.url}/me"


def test_a_passkey_signs_in_alone_by_the_button_and_without_user_verification_it_does_not(site: Site, context: NewContext) -> None:
    person, first = site.newcomer(), fresh_page(context)
    device = VirtualAuthenticator(first)
    make_passkey(site, first, person)
    careless = fresh_page(context)
    VirtualAuthenticator(careless, passkeys=device.passkeys(), verified=False)
    careless.goto(f"{site.url}/login")
    careless.click("#passkey button")
    expect(careless.locator("[data-says=stopped]")).to_be_visible()
    second = fresh_page(context)
    VirtualAuthenticator(second, passkeys=device.passkeys())
    second.goto(f"{site.url}/login")
    press(second)
    assert second.url == f"{site.url}/me"


def test_the_browser_offers_the_passkey_at_the_account_field(site: Site, context: NewContext) -> None:
    person, first = site.newcomer(), fresh_page(context)
    device = VirtualAuthenticator(first)
    make_passkey(site, first, person)
    second = context().new_page()
    VirtualAuthenticator(second, passkeys=device.passkeys())
    second.goto(f"{site.url}/login")  # the virtual authenticator chooses what it is offered, at once
    second.wait_for_url(f"{site.url}/me")


def test_a_copy_of_a_passkey_with_an_old_count_is_refused_and_locks_it(site: Site, context: NewContext) -> None:
    person, first = site.newcomer(), fresh_page(context)
    device = VirtualAuthenticator(first)
    make_passkey(site, first, person)
    copied = device.passkeys()
    for _ in range(2):
        first.context.clear_cookies()
        first.goto(f"{site.url}/login")
        press(first)
        assert first.url == f"{site.url}/me"
    thief = fresh_page(context)
    VirtualAuthenticator(thief, passkeys=copied)
    thief.goto(f"{site.url}/login")
    press(thief)
    expect(thief.get_by_role("alert").filter(visible=True)).to_have_count(1)
    assert lock_reasons(site, person) == ["sign_count"]


def test_a_device_that_has_a_passkey_makes_no_second_one(site: Site, context: NewContext) -> None:
    person, page = site.newcomer(), fresh_page(context)
    VirtualAuthenticator(page)
    make_passkey(site, page, person)
    page.goto(f"{site.url}/me/factors/passkey")
    page.click("#passkey button")
    expect(page.locator("[data-says=known]")).to_be_visible()


def send_answer(page: Page, answer: str) -> None:
    """Sends the form with an answer that the page's own script did not make."""
    with page.expect_navigation():
        page.evaluate(
            "answer => { const field = document.querySelector('[name=passkey]'); field.value = answer; field.form.submit(); }",
            answer,
        )


def options_of(page: Page) -> Any:
    return json.loads(page.get_attribute("[name=passkey]", "data-options") or "")


def test_an_answer_that_was_overheard_is_worth_nothing_in_another_browser(site: Site, context: NewContext) -> None:
    person, first = site.newcomer(), fresh_page(context)
    device = VirtualAuthenticator(first)
    make_passkey(site, first, person)
    owner = fresh_page(context)
    VirtualAuthenticator(owner, passkeys=device.passkeys())
    owner.goto(f"{site.url}/login")
    with owner.expect_request(lambda request: request.method == "POST") as sent:
        press(owner)
    assert owner.url == f"{site.url}/me"
    answer = parse_qs(sent.value.post_data or "")["passkey"][0]
    thief = fresh_page(context)
    thief.goto(f"{site.url}/login")
    send_answer(thief, answer)
    expect(thief.get_by_role("alert").filter(visible=True)).to_have_count(1)
    assert thief.goto(f"{site.url}/me") is not None
    assert "/login" in thief.url


ASSERTION = """async options => {
  const bytes = text => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), one => one.charCodeAt(0));
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: [] };
  return JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON());
}"""
"""What a script of any site can do with the options of our page."""


def test_a_page_of_another_origin_gets_no_answer_that_counts_here(site: Site, context: NewContext) -> None:
    person, page = site.newcomer(), fresh_page(context)
    device = VirtualAuthenticator(page)
    make_passkey(site, page, person)
    page.context.clear_cookies()
    elsewhere = fresh_page(context)
    VirtualAuthenticator(elsewhere, passkeys=device.passkeys())
    elsewhere.route("**/*", lambda route: route.fulfill(body="<title>elsewhere</title>", content_type="text/html"))
    elsewhere.goto(site.app_url)  # the same host, another port: the browser itself finds nothing wrong
    page.goto(f"{site.url}/login")
    send_answer(page, elsewhere.evaluate(ASSERTION, options_of(page)))
    expect(page.get_by_role("alert").filter(visible=True)).to_have_count(1)
    send_answer(page, page.evaluate(ASSERTION, options_of(page)))
    assert page.url == f"{site.url}/me"
