"""Signing in with a certificate: shown at the name that asks for one, answered in the browser that was sent there."""

import dataclasses
import html
import re
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select, update

from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.certification import authorities, ceremony, issuance, subjects
from idp.certification.issuance import Application
from idp.certification.office import office_of
from idp.certification.status import revocation
from idp.certification.tables import IssuedCertificate
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.reasons import Reason
from idp.deployment import Deployment
from idp.login.tables import BrowserSession
from idp.mfa.policy import kinds_of
from idp.notices import book
from idp.notices.events import Event
from idp.policy import store
from idp.policy.document import read
from idp.registry.tables import Person
from tests import factors
from tests.at_once import at_once
from tests.certificates_of_schools import csr
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person
from tests.unit.crypto.x509.hierarchy import Hierarchy
from tests.web.conftest import app_with
from tests.web.pages import HOST, Browser, Page
from tests.web.relying_party import register_app

HEADER, MTLS = "X-Client-Certificate", "http://mtls.localhost:8000"
SETTINGS: dict[str, object] = {"trusted_proxies": 1, "client_certificate_header": HEADER, "mtls_url": MTLS}
FIRST = SETTINGS | {"certificate_sign_in": "first"}


@dataclass(frozen=True)
class Office:
    """Issues for the people of the school."""

    deployment: Deployment
    school: str

    def issue(self, person: Known, *, profile: str = "person-sign") -> str:
        """The certificate, as nginx hands it on."""
        office = office_of(self.deployment.settings, self.deployment.ring.authority_vault)
        with self.deployment.transaction(OPERATOR) as tx:
            holder = subjects.person_at(tx.session, person.number, self.school, tx.now.date())
            above = authorities.by_name(tx.session, "school")
            row = issuance.issue(tx, office, above, Application(office.profiles[profile], holder, csr()))
            return escaped(row.der)

    def row(self, tx: object, shown: str) -> IssuedCertificate:
        """The row of a certificate that was shown."""
        found = tx.session.scalar(select(IssuedCertificate).order_by(IssuedCertificate.id.desc()))  # type: ignore[attr-defined]
        assert escaped(found.der) == shown
        return found  # type: ignore[no-any-return]


def escaped(der: bytes) -> str:
    return quote(Certificate(der).to_pem(), safe="")


@pytest.fixture
def office(deployment: Deployment, school: str) -> Office:
    office = office_of(deployment.settings, deployment.ring.authority_vault)
    with deployment.transaction(OPERATOR) as tx:
        ceremony.found_root(tx, office, "school", subjects.institution_itself(tx.session, school, "证书认证"))
    return Office(deployment, school)


@pytest.fixture
def behind(deployment: Deployment) -> Deployment:
    """Behind a proxy that asks for certificates at its other name."""
    return dataclasses.replace(deployment, settings=deployment.settings.model_copy(update=FIRST))


@pytest.fixture
def front(behind: Deployment) -> Flask:
    return app_with(behind)


def address_in(page: Page) -> str:
    """Where the page sends the browser to show a certificate."""
    found = re.search(rf'href="({re.escape(MTLS)}[^"]*)"', page.text)
    assert found is not None, page.text
    return html.unescape(found[1]).removeprefix(MTLS)


def show(app: Flask, address: str, certificate: str | None, *, proxy: str = "127.0.0.1") -> Page:
    """At the other name, in the same browser: it has no cookie of ours there."""
    headers = {HEADER: certificate} if certificate is not None else {}
    seen = {"REMOTE_ADDR": proxy}
    return Page(app.test_client().get(address, headers=headers, base_url=MTLS, environ_overrides=seen), address)


def back(page: Page) -> str:
    assert page.status == 303, page.text
    return page.location.removeprefix(HOST)


def with_password(app: Flask, person: Known, to: str = "/login") -> Browser:
    browser = Browser(app)
    browser.get(to)
    browser.sign_in(person.number, PASSWORD)
    return browser


def set_up(app: Flask, person: Known, certificate: str) -> None:
    """The person adds it under “My account”."""
    browser = with_password(app, person)
    page = browser.get("/me/factors/certificate")
    browser.get(back(show(app, address_in(page), certificate)))


def signed_in(browser: Browser) -> bool:
    return "yima_session" in browser.cookies()


def session_of(deployment: Deployment, browser: Browser, person: Known) -> tuple[int, list[str]]:
    assert signed_in(browser), browser.page.text
    with deployment.reading() as session:
        made = session.scalars(select(BrowserSession).order_by(BrowserSession.created_at.desc(), BrowserSession.sid)).all()
        assert {one.person_id for one in made} == {person.id}
        return max((one.level, sorted(one.methods)) for one in made)


def test_it_is_set_up_once_and_is_the_second_step_from_then_on(
    front: Flask, deployment: Deployment, office: Office, person: Known, clock: SettableClock
) -> None:
    set_up(front, person, office.issue(person))
    clock.forward(hours=13)  # the session of the set-up is over
    browser = with_password(front, person)
    assert not signed_in(browser)
    another = office.issue(person)  # a later certificate of the same person does as well
    browser.get(back(show(front, address_in(browser.page), another)))
    assert session_of(deployment, browser, person) == (2, ["pwd", "swk"])
    with deployment.reading() as session:
        actions = [event.action for event in session.scalars(select(AuditEvent))]
    assert actions.count(Action.CERTIFICATE_SHOWN) == 2


def test_alone_it_signs_in_at_level_1_and_whoever_needs_more_gives_the_password_too(
    front: Flask, deployment: Deployment, office: Office, person: Known, school: str, clock: SettableClock
) -> None:
    shown = office.issue(person)
    set_up(front, person, shown)
    clock.forward(hours=13)
    browser = Browser(front)
    browser.get(back(show(front, address_in(browser.get("/login")), shown)))
    with deployment.reading() as session:
        made = session.scalars(select(BrowserSession).order_by(BrowserSession.created_at.desc())).first()
    assert made is not None
    assert (made.level, list(made.methods), made.person_id) == (1, ["swk"], person.id)
    page = browser.get(register_app(front, deployment, school).authorize_url(acr_values="urn:yima:acr:2"))
    assert 'name="password"' in page.text  # the key again would prove nothing new
    browser.get(back(show(front, address_in(page), shown)))
    assert 'name="password"' in browser.page.text
    browser.sign_in(person.number, PASSWORD)
    browser.get(back(show(front, address_in(browser.page), shown)))
    with deployment.reading() as session:
        raised = session.scalars(select(BrowserSession).where(BrowserSession.sid == made.sid)).one()
    assert (raised.level, sorted(raised.methods)) == (2, ["pwd", "swk"])


def test_where_it_is_a_second_step_only_the_first_page_does_not_offer_it(
    deployment: Deployment, office: Office, person: Known
) -> None:
    app = app_with(deployment, **SETTINGS, certificate_sign_in="second")
    assert MTLS not in Browser(app).get("/login").text
    off = app_with(deployment, **SETTINGS)
    assert MTLS not in with_password(off, person).get("/me/factors/totp").text
    assert with_password(off, person).get("/me/factors/certificate").status == 400
    assert show(off, "/login/certificate?challenge=x", office.issue(person)).status == 404


def test_a_ticket_counts_in_the_browser_that_asked_and_in_no_other(front: Flask, office: Office, person: Known) -> None:
    shown = office.issue(person)
    set_up(front, person, shown)
    thief = Browser(front)
    address = address_in(thief.get("/login"))
    # The holder was sent the thief's address, and their browser showed the certificate by itself.
    returning = back(show(front, address, shown))
    victim = Browser(front)
    victim.get(returning)
    assert not signed_in(victim)
    thief.get("/login")
    assert not signed_in(thief)
    thief.get(f"{returning.split('&ticket=')[0]}&ticket={'A' * 43}")
    assert not signed_in(thief)


def test_of_twenty_returns_at_once_one_signs_in(
    front: Flask, deployment: Deployment, office: Office, person: Known, clock: SettableClock
) -> None:
    shown = office.issue(person)
    set_up(front, person, shown)
    clock.forward(hours=13)
    browser = Browser(front)
    returning = back(show(front, address_in(browser.get("/login")), shown))
    cookies = browser.cookies()

    def go(_: int) -> None:
        client = front.test_client()
        for name, value in cookies.items():
            client.set_cookie(name, value, domain="localhost")
        client.get(client.get(returning, base_url=HOST).headers.get("Location", "/login"), base_url=HOST)

    at_once(go)
    with deployment.reading() as session:
        began = deployment.clock.now()
        assert len(session.scalars(select(BrowserSession).where(BrowserSession.created_at == began)).all()) == 1
        proven = [event for event in session.scalars(select(AuditEvent)) if event.action == Action.SIGNED_IN and event.at == began]
        assert len(proven) == 1


def test_a_ticket_lasts_a_minute_and_the_last_one_counts(front: Flask, office: Office, person: Known, clock: SettableClock) -> None:
    shown = office.issue(person)
    set_up(front, person, shown)
    browser = Browser(front)
    address = address_in(browser.get("/login"))
    first, second = back(show(front, address, shown)), back(show(front, address, shown))
    browser.get(first)
    assert not signed_in(browser)
    clock.forward(seconds=61)
    browser.get(second)
    assert not signed_in(browser)
    third = back(show(front, address, shown))
    browser.get(third)
    assert signed_in(browser)


def test_who_has_not_set_it_up_is_told_so(front: Flask, office: Office, person: Known) -> None:
    page = show(front, address_in(Browser(front).get("/login")), office.issue(person))
    assert page.status == 403
    assert "尚未设置" in page.text


def refused(front: Flask, certificate: str | None, words: str, *, proxy: str = "127.0.0.1") -> None:
    page = show(front, address_in(Browser(front, language="en").get("/login")), certificate, proxy=proxy)
    assert page.status == 403
    assert words in html.unescape(page.text)
    assert f"{HOST}/login?flow=" in page.text  # the way back to this sign-in


def test_each_reason_why_a_certificate_does_not_count_has_its_own_words(
    front: Flask, deployment: Deployment, office: Office, person: Known, clock: SettableClock
) -> None:
    shown = office.issue(person)
    set_up(front, person, shown)
    refused(front, None, "Your browser showed no certificate")
    refused(front, "%ff", "not issued by an authority of this installation")
    refused(front, "A" * 20000, "not issued by an authority of this installation")
    refused(front, escaped(Hierarchy().leaf.certificate.der), "not issued by an authority of this installation")
    refused(front, shown, "Your browser showed no certificate", proxy="203.0.113.9")  # the header did not come from the proxy
    with deployment.transaction(OPERATOR) as tx:
        revocation.hold(tx, office.row(tx, shown))
    refused(front, shown, "It is on hold")
    with deployment.transaction(OPERATOR) as tx:
        revocation.release(tx, office.row(tx, shown))
        tx.session.execute(update(Person).where(Person.id == person.id).values(status="disabled"))
    refused(front, shown, "suspended")
    with deployment.transaction(OPERATOR) as tx:
        tx.session.execute(update(Person).where(Person.id == person.id).values(status="active"))
        revocation.revoke(tx, office.row(tx, shown), Reason.KEY_COMPROMISE)
    refused(front, shown, "It was revoked")
    last = office.issue(person)
    clock.forward(days=731)
    refused(front, last, "It has expired")
    with deployment.reading() as session:
        found = [
            event.detail["error"] for event in session.scalars(select(AuditEvent)) if event.action == Action.CERTIFICATE_REFUSED
        ]
    assert found.count("certification.refused") == 4


def test_a_certificate_for_something_else_or_of_nobody_does_not_count(front: Flask, deployment: Deployment, office: Office) -> None:
    acting = office_of(deployment.settings, deployment.ring.authority_vault)
    with deployment.transaction(OPERATOR) as tx:
        above = authorities.by_name(tx.session, "school")
        holder = subjects.institution_itself(tx.session, office.school, "门禁")
        device = issuance.issue(tx, acting, above, Application(acting.profiles["client"], holder, csr())).der
        stamp = issuance.issue(tx, acting, above, Application(acting.profiles["timestamp"], holder, csr())).der
        own = authorities.certificate_of(above).der
    refused(front, escaped(device), "not a person's")
    refused(front, escaped(stamp), "for something else")
    refused(front, escaped(own), "for something else")


def test_somebody_elses_certificate_is_no_second_step(front: Flask, deployment: Deployment, office: Office, person: Known) -> None:
    set_up(front, person, office.issue(person))
    other = make_person(deployment, office.school, name="王强", document="E7654321")
    browser = with_password(front, person)
    page = show(front, address_in(browser.page), office.issue(other))
    assert "这属于另一个人" in page.text
    assert not signed_in(browser)


def test_where_the_policy_does_not_offer_it_it_opens_no_door(
    front: Flask, behind: Deployment, office: Office, person: Known
) -> None:
    shown = office.issue(person)
    set_up(front, person, shown)
    with behind.transaction(OPERATOR) as tx:
        store.apply(tx, read({"rules": [{"role": "student", "kinds": ["totp", "passkey"]}]}), kinds_of(factors.site_of(behind)))
    browser = Browser(front)
    browser.get(back(show(front, address_in(browser.get("/login")), shown)))
    assert not signed_in(browser)


def test_a_person_sees_their_certificates_and_puts_one_on_hold(
    front: Flask, deployment: Deployment, office: Office, person: Known
) -> None:
    shown = office.issue(person)
    other = make_person(deployment, office.school, name="王强", document="E7654321")
    office.issue(other)
    browser = with_password(front, person)
    with deployment.reading() as session:
        serials = {row.person_id: row.serial for row in session.scalars(select(IssuedCertificate)) if row.person_id is not None}
    page = browser.get("/me")
    assert "我的证书" in page.text
    assert serials[person.id][:8] in page.text
    assert serials[other.id][:8] not in page.text
    form = page.form("serial")
    browser.submit(form=form, serial=serials[other.id])  # not one's own: nothing happens
    browser.submit(form=page.form("serial"), serial="zz")
    browser.submit(form=page.form("serial"), serial=serials[person.id])
    assert "暂停" in browser.page.text
    with deployment.reading() as session:
        told = book.unread(session, person.id, deployment.clock.now())
        assert Event.CERTIFICATE_HELD in [row.event for row in told]
        assert book.unread(session, other.id, deployment.clock.now()) == []
    assert show(front, address_in(Browser(front).get("/login")), shown).status == 403


def test_that_was_not_me_puts_every_certificate_of_the_person_on_hold(
    front: Flask, deployment: Deployment, office: Office, person: Known
) -> None:
    shown = office.issue(person)
    browser = with_password(front, person)
    page = browser.get("/me/not-me")
    browser.submit(form=next(form for form in page.forms if form.action == "/me/not-me"))
    with deployment.transaction(OPERATOR) as tx:
        held = revocation.current(tx.session, office.row(tx, shown))
        assert held is not None
        assert held.cause == "holder"
