"""Signing in by another provider, as people and strangers do it: the way there, the way back, and whom it brings."""

import html
import json
import threading
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from idp.audit.tables import AuditEvent
from idp.crypto.jose import KeySet, generate_signer
from idp.housekeeping import purge
from idp.login import passwords, throttle
from idp.login.tables import BrowserSession, SignIn
from idp.outgoing import fetch
from idp.registry import persons
from idp.registry.persons import PersonStatus
from idp.registry.tables import Affiliation, Person
from idp.upstream import providers, server
from idp.upstream.tables import UpstreamLink, UpstreamRequest
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person, make_school
from tests.web.conftest import Phone
from tests.web.pages import Browser, Page
from tests.web.relying_party import register_app
from tests.web.upstream.conftest import CALLBACK, Campus

CITIZEN = "110101200001010010"


def counted(campus: Campus, table: type) -> int:
    with campus.deployment.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def refused(page: Page, text: str, status: int = 400) -> None:
    assert page.status == status, page.text
    assert text in page.text


def test_whoever_has_linked_the_account_is_signed_in_by_it(campus: Campus, linked: Known) -> None:
    page = campus.sign_in()
    assert page.url.endswith("/me")
    assert linked.number in page.text
    assert "account elsewhere" in page.text
    with campus.deployment.reading() as session:
        last = session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
        assert last is not None
        assert (last.outcome, last.level, last.methods) == ("signed_in", 1, ["upstream"])
        arrived = session.scalars(select(AuditEvent).where(AuditEvent.action == "upstream.account.arrived")).one()
        assert arrived.detail == {"provider": "campus", "how": "linked", "level": 1}


def test_a_person_links_an_account_on_their_own_page(campus: Campus, person: Known) -> None:
    campus.browser.get("/login")
    campus.browser.sign_in(person.number, PASSWORD)
    page = campus.browser.submit(provider="campus")
    answer = campus.there.authorize(target_of(page))
    assert campus.there.asked[-1]["prompt"] == "login"
    page = campus.come_back(answer)
    assert page.url.endswith("/me")
    assert "Take the link away" in page.text
    assert "From now on you can also sign in with an account at 校园账号" in page.text


def target_of(page: Page) -> str:
    """Where the page that is shown before a link leads."""
    return html.unescape(page.text.split('class="button" href="')[1].split('"')[0])


def test_the_app_that_sent_the_person_gets_them_and_their_level(campus: Campus, linked: Known, school: str) -> None:
    app = register_app(campus.app, campus.deployment, school, trusted=True)
    browser = Browser(campus.app, language="en")
    flow = browser.get(app.authorize_url()).query["flow"]
    answer = campus.there.authorize(browser.get(f"/upstream/campus/start?flow={flow}").location)
    page = campus.come_back(answer, browser)
    assert page.location.startswith("https://app.example.edu.cn/callback?code=")
    claims = app.claims_of(app.exchange(page.query["code"]).body["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:yima:acr:1", [])


def test_whoever_has_a_second_factor_is_asked_for_it(campus: Campus, linked: Known, phone: Phone) -> None:
    page = campus.sign_in()
    assert any("code" in form.fields for form in page.forms)
    assert campus.browser.submit(code=phone.code()).url.endswith("/me")


def test_a_level_is_believed_where_a_rule_says_so(campus: Campus, person: Known, phone: Phone) -> None:
    campus.enter(rules={"levels": {"gold": 2}, "match": ["person_number"]}, fields={"person_number": "number"})
    campus.there.person |= {"number": person.number}
    page = campus.sign_in(Browser(campus.app, language="en"))
    assert any("code" in form.fields for form in page.forms)
    campus.there.claims = {"acr": "gold"}
    assert campus.sign_in(Browser(campus.app, language="en")).url.endswith("/me")
    with campus.deployment.reading() as session:
        last = session.scalars(select(BrowserSession).order_by(BrowserSession.id.desc())).first()
        assert last is not None
        assert (last.level, last.methods) == (2, ["mfa", "upstream"])


def test_a_state_is_good_for_one_return(campus: Campus, linked: Known) -> None:
    answer = campus.there.authorize(campus.depart())
    assert campus.come_back(answer).url.endswith("/me")
    refused(campus.come_back(answer), "is over")
    assert campus.there.exchanges == 1


def test_another_browser_cannot_bring_the_return_and_spoils_nothing(campus: Campus, linked: Known) -> None:
    answer = campus.there.authorize(campus.depart())
    refused(campus.come_back(answer, Browser(campus.app, language="en")), "another browser")
    assert campus.come_back(answer).url.endswith("/me")


@pytest.mark.parametrize("change", [{"state": "f" * 48}, {"state": ""}, {"state": "x" * 9000}, {"error": "server_error"}])
def test_a_return_that_is_not_the_one_awaited_is_refused(campus: Campus, linked: Known, change: dict[str, str]) -> None:
    assert campus.sign_in(**change).status == 400


def test_a_parameter_that_comes_twice_is_refused(campus: Campus, linked: Known) -> None:
    answer = campus.there.authorize(campus.depart())
    page = campus.browser.get(f"{CALLBACK}?{urlencode(answer)}&code=another")
    refused(page, "is over")


def test_a_return_after_a_quarter_of_an_hour_is_too_late_and_is_forgotten(
    campus: Campus, linked: Known, clock: SettableClock
) -> None:
    answer = campus.there.authorize(campus.depart())
    clock.forward(minutes=16)
    refused(campus.come_back(answer), "took too long")
    purge(campus.deployment)
    assert counted(campus, UpstreamRequest) == 0


def test_who_declines_there_is_told_and_can_sign_in_here(campus: Campus, linked: Known) -> None:
    answer = campus.there.authorize(campus.depart())
    page = campus.come_back({"state": answer["state"], "iss": answer["iss"], "error": "access_denied"})
    refused(page, "You were not signed in at Campus account", 403)
    flow = page.text.split('class="button" href="')[1].split('"')[0]
    campus.browser.get(flow)
    assert campus.browser.sign_in(linked.number, PASSWORD).url.endswith("/me")


def test_a_provider_that_hangs_is_waited_for_so_long_and_no_longer(
    campus: Campus, linked: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch.Outgoing.post, "__kwdefaults__", {**fetch.Outgoing.post.__kwdefaults__, "seconds": 0.2})
    campus.there.hanging = threading.Event()
    refused(campus.sign_in(), "Campus account does not answer at the moment", 502)


def test_a_provider_that_is_not_there_is_said_so_with_a_way_on(campus: Campus, linked: Known) -> None:
    campus.enter(issuer="http://127.0.0.1:9")
    page = campus.browser.get("/login")
    flow = page.query["flow"]
    refused(campus.browser.get(f"/upstream/campus/start?flow={flow}"), "does not answer at the moment", 502)
    campus.browser.get(html.unescape(campus.browser.page.text.split('class="button" href="')[1].split('"')[0]))
    assert campus.browser.sign_in(linked.number, PASSWORD).url.endswith("/me")


def test_whose_password_must_be_changed_is_not_given_another_by_an_account_elsewhere(campus: Campus, linked: Known) -> None:
    with campus.deployment.transaction(OPERATOR) as tx:
        passwords.demand_change(tx, linked.id)
    assert campus.sign_in().url.endswith("/me")
    browser = Browser(campus.app, language="en")
    browser.get("/login")
    browser.sign_in(linked.number, PASSWORD)
    assert browser.page.form("password", "again")


def test_our_key_for_a_provider_is_published_in_its_public_half(campus: Campus) -> None:
    assert campus.browser.get("/upstream/campus/jwks").status == 400
    private = generate_signer("SGD_SM3_SM2").private_jwk()
    campus.enter(authentication="private_key_jwt", secrets={"private_key": json.dumps(private)})
    (key,) = json.loads(campus.browser.get("/upstream/campus/jwks").text)["keys"]
    assert (key["kid"], "d" in key) == (private["kid"], False)
    campus.there.client_keys = KeySet([key])
    refused(campus.sign_in(), "not linked", 403)


def test_one_that_hangs_takes_no_more_than_its_places(campus: Campus, linked: Known) -> None:
    answer = campus.there.authorize(campus.depart())
    here = campus.app.extensions["yima_upstream"]
    places = [here.turn("campus", "x") for _ in range(server.AT_ONCE)]
    for place in places:
        place.__enter__()
    refused(campus.come_back(answer), "very slow", 503)
    for place in places:
        place.__exit__(None, None, None)
    assert campus.sign_in().url.endswith("/me")


def test_somebody_unknown_is_told_what_to_do(campus: Campus, person: Known) -> None:
    page = campus.sign_in(Browser(campus.app))
    assert page.status == 403
    assert "还差一步" in page.text
    assert counted(campus, UpstreamLink) == 0


def test_an_e_mail_address_or_a_telephone_number_finds_nobody(campus: Campus, person: Known) -> None:
    campus.enter(rules={"match": ["document", "local_number", "person_number"], "numbers_of": _school(campus, person)})
    campus.there.person |= {"email": "lin@example.edu.cn", "email_verified": True, "phone_number": "13800000000"}
    refused(campus.sign_in(), "not linked", 403)


def _school(campus: Campus, person: Known) -> str:
    with campus.deployment.reading() as session:
        return session.scalars(select(Affiliation.institution).where(Affiliation.person_id == person.id)).one()


@pytest.mark.parametrize("number", ["document", "local_number"])
def test_a_number_finds_its_person_where_the_provider_is_believed(campus: Campus, school: str, number: str) -> None:
    known = make_person(campus.deployment, school, local_number="S001")
    told = {"document": "DEMO12345", "local_number": "S001"}[number]
    campus.there.person |= {"no": told}
    fields = {number: "no"}
    campus.enter(fields=fields)
    refused(campus.sign_in(), "not linked", 403)
    campus.enter(fields=fields, rules={"match": [number], "numbers_of": school, "document_kind": "passport"})
    campus.there.person |= {"name": "王小明"}
    refused(campus.sign_in(), "not linked", 403)
    campus.there.person |= {"name": "林 小雨"}
    assert known.number in campus.sign_in().text
    # The next time by the link, whatever number is told.
    campus.there.person |= {"no": "other"}
    assert known.number in campus.sign_in(Browser(campus.app, language="en")).text


def test_a_provider_speaks_for_the_people_of_its_schools_alone(campus: Campus, school: str) -> None:
    other = make_school(campus.deployment, "第二小学")
    make_person(campus.deployment, school)
    rules = {"match": ["document"], "document_kind": "passport", "register": {"institution": other, "role": "student"}}
    campus.enter(fields={"document": "no"}, rules=rules, institutions=(other,))
    campus.there.person |= {"no": "DEMO12345"}
    refused(campus.sign_in(), "You cannot sign in by Campus account", 403)
    # Nor is the person of another school made one of its own by a registration.
    campus.enter(fields={"document": "no"}, rules=rules | {"match": []}, institutions=(other,))
    refused(campus.sign_in(), "not linked", 403)
    assert counted(campus, Affiliation) == 1


def test_who_is_disabled_does_not_come_in(campus: Campus, linked: Known) -> None:
    with campus.deployment.transaction(OPERATOR) as tx:
        tx.session.get_one(Person, linked.id).status = PersonStatus.DISABLED.value
    refused(campus.sign_in(), "You cannot sign in by Campus account", 403)


def test_nobody_is_registered_unless_the_rules_say_so_and_then_as_they_say(campus: Campus, school: str) -> None:
    campus.there.person |= {"no": CITIZEN, "kind": "faculty", "unit": "A"}
    fields = {"document": "no", "affiliation": "kind"}
    policy = {"institution": school, "roles": {"faculty": "teacher"}, "required": {"unit": ["A", "B"]}}
    campus.enter(fields=fields, rules={"match": ["document"]})
    refused(campus.sign_in(), "not linked", 403)
    campus.enter(fields=fields, rules={"match": ["document"], "register": policy})
    for change in ({"unit": "C"}, {"kind": "alum"}, {"no": "110101200001010011"}, {"name": ""}):
        kept = dict(campus.there.person)
        campus.there.person |= change
        refused(campus.sign_in(), "not linked", 403)
        campus.there.person = kept
    assert counted(campus, Person) == 0
    assert campus.sign_in().url.endswith("/me")
    with campus.deployment.reading() as session:
        row = session.scalars(select(Affiliation)).one()
        assert (row.institution, row.role) == (school, "teacher")
        assert persons.by_id(session, row.person_id).name == "林小雨"


def test_a_link_is_taken_away_by_the_person_and_by_an_alarm(campus: Campus, linked: Known) -> None:
    campus.sign_in()
    page = campus.browser.get("/me")
    assert "Take the link away" in page.text
    # To change how one signs in needs a sign-in of the last minutes; it was one.
    campus.browser.submit(link=page.form("link").buttons[0][1])
    assert counted(campus, UpstreamLink) == 0
    refused(campus.sign_in(Browser(campus.app, language="en")), "not linked", 403)


def test_that_was_not_me_takes_every_link_away(campus: Campus, linked: Known) -> None:
    campus.sign_in()
    campus.browser.get("/me/not-me")
    campus.browser.submit(form=campus.browser.page.form("factor_lost"))
    assert counted(campus, UpstreamLink) == 0


def test_an_account_that_is_linked_to_somebody_is_not_linked_to_another(campus: Campus, linked: Known, school: str) -> None:
    other = make_person(campus.deployment, school, name="王小明", document="DEMO2")
    browser = Browser(campus.app, language="en")
    browser.get("/login")
    browser.sign_in(other.number, PASSWORD)
    target = target_of(browser.submit(provider="campus"))
    refused(campus.come_back(campus.there.authorize(target), browser), "linked to somebody else", 403)


def test_what_was_begun_to_link_one_person_does_not_link_the_next_at_the_browser(
    campus: Campus, person: Known, school: str
) -> None:
    other = make_person(campus.deployment, school, name="王小明", document="DEMO2")
    browser = campus.browser
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    target = target_of(browser.submit(provider="campus"))
    answer = campus.there.authorize(target)
    browser.get("/logout")
    browser.submit(form=browser.page.forms[-1])
    browser.get("/login")
    browser.sign_in(other.number, PASSWORD)
    refused(campus.come_back(answer), "another browser")
    assert counted(campus, UpstreamLink) == 0


def test_linking_is_asked_by_our_own_page(campus: Campus, person: Known) -> None:
    campus.browser.get("/login")
    campus.browser.sign_in(person.number, PASSWORD)
    assert campus.browser.post("/me/upstream/link", {"provider": "campus"}).status == 400


def test_where_the_person_must_prove_themselves_now_the_provider_is_asked_for_that(
    campus: Campus, linked: Known, clock: SettableClock
) -> None:
    campus.sign_in()
    clock.forward(minutes=11)
    flow = campus.browser.get("/me/password").query["flow"]
    location = campus.browser.get(f"/upstream/campus/start?flow={flow}").location
    assert "prompt=login" in location
    campus.there.claims = {"auth_time": int((clock.now() - timedelta(hours=1)).timestamp())}
    refused(campus.come_back(campus.there.authorize(location)), "could not be accepted")


def test_the_buttons_are_those_of_the_school_that_was_chosen(campus: Campus, school: str) -> None:
    other = make_school(campus.deployment, "第二小学")
    campus.enter(institutions=(other,))
    page = campus.browser.get("/login")
    flow = page.query["flow"]
    assert "Campus account" in page.text
    assert "Campus account" in campus.browser.get(f"/login?flow={flow}&school={other}").text
    assert "Campus account" not in campus.browser.get(f"/login?flow={flow}&school={school}").text
    with campus.deployment.transaction(OPERATOR) as tx:
        providers.set_enabled(tx, "campus", enabled=False)
    assert "Campus account" not in campus.browser.get(f"/login?flow={flow}").text
    refused(campus.browser.get(f"/upstream/campus/start?flow={flow}"), "no such way")
    refused(campus.browser.get(f"{CALLBACK}?state=x"), "no such way")


def test_an_answer_by_a_form_waits_for_the_browser_of_the_sign_in(campus: Campus, linked: Known) -> None:
    answer = campus.there.authorize(campus.depart())
    # Another site's form: none of our cookies, and no token of ours.
    stranger = Browser(campus.app, language="en")
    response = stranger.client.post(CALLBACK, data=answer, base_url="http://localhost:8000")
    assert response.status_code == 303
    assert response.headers["Location"] == f"{CALLBACK}?state={answer['state']}"
    refused(stranger.get(response.headers["Location"]), "another browser")
    assert campus.browser.get(response.headers["Location"]).url.endswith("/me")


def test_whoever_tries_for_long_has_to_wait(campus: Campus) -> None:
    with campus.deployment.transaction(OPERATOR) as tx:
        for _ in range(200):
            throttle.count_failure(tx, throttle.of_network("upstream", "127.0.0.1"))
    refused(campus.browser.get(f"{CALLBACK}?state=x"), "is over")
    refused(campus.browser.get(f"{CALLBACK}?state=x"), "Too many tries", 429)
