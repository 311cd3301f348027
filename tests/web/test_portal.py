"""The start page, and whom an app is for: others are not signed in, and lose what they had."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from idp.apps import register
from idp.apps.audience import Audience, set_audience
from idp.apps.errors import InvalidRegistration
from idp.deployment import Deployment
from idp.portal import entries, notices
from idp.portal.errors import InvalidEntry, NoSuchNotice
from idp.registry import affiliations
from idp.registry.affiliations import Role
from idp.registry.errors import NoSuchInstitution
from idp.registry.tables import Person
from tests.clocks import SettableClock
from tests.people import OPERATOR, PASSWORD, Known, make_person, make_school
from tests.web.conftest import sign_in_to
from tests.web.pages import Browser, Page
from tests.web.relying_party import CALLBACK, RelyingParty, register_app


def mean(deployment: Deployment, rp: RelyingParty, *, institutions: tuple[str, ...] = (), roles: tuple[str, ...] = ()) -> None:
    with deployment.transaction(OPERATOR) as tx:
        set_audience(tx, rp.client_id, Audience(institutions, roles))


def place(deployment: Deployment, rp: RelyingParty, **changes: object) -> None:
    wanted = {"category": None, "address": None, "hidden": None, **changes}
    with deployment.transaction(OPERATOR) as tx:
        entries.place(tx, rp.client_id, **wanted)  # type: ignore[arg-type]


def start_page(browser: Browser, person: Known) -> Page:
    page = browser.get("/")
    return browser.sign_in(person.number, PASSWORD) if any("password" in form.fields for form in page.forms) else page


def test_after_the_sign_in_the_start_page_shows_the_apps_and_whose_they_are(
    browser: Browser, rp: RelyingParty, person: Known
) -> None:
    page = start_page(browser, person)
    assert page.url.endswith("/")
    assert "林小雨" in page.text
    for words in ("图书馆", "借书", "第一小学", "https://app.example.edu.cn/"):
        assert words in page.text


def test_an_app_that_signs_people_in_from_here_is_opened_through_us(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known
) -> None:
    party = register_app(app, deployment, school, initiate_login_uri="https://app.example.edu.cn/begin")
    page = start_page(browser, person)
    assert f"/me/apps/{party.client_id}/open" in page.text


def test_apps_for_others_hidden_suspended_and_unopenable_ones_are_not_shown(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known
) -> None:
    names = ("教师专用", "别校的", "隐藏的", "停用的", "给我的")
    parties = {name: register_app(app, deployment, school, name=name) for name in names}
    register_app(app, deployment, school, name="大屏", redirect_uris=(), grant_types=("client_credentials",))
    mean(deployment, parties["教师专用"], roles=("teacher",))
    mean(deployment, parties["别校的"], institutions=(make_school(deployment, "第二小学"),))
    mean(deployment, parties["给我的"], institutions=(school,), roles=("student",))
    place(deployment, parties["隐藏的"], hidden=True)
    with deployment.transaction(OPERATOR) as tx:
        register.suspend(tx, parties["停用的"].client_id)
    page = start_page(browser, person)
    assert "给我的" in page.text
    assert [name for name in (*names[:4], "大屏") if name in page.text] == []


def test_favourites_come_first_and_groups_have_headings(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known
) -> None:
    library, canteen = (register_app(app, deployment, school, name=name) for name in ("图书馆", "食堂"))
    place(deployment, library, category="学习")
    place(deployment, canteen, category="生活", address="https://canteen.example.edu.cn/start")
    page = start_page(browser, person)
    assert page.text.index("学习") < page.text.index("图书馆") < page.text.index("生活") < page.text.index("食堂")
    assert "https://canteen.example.edu.cn/start" in page.text
    star = next(form for form in page.forms if form.fields.get("app") == canteen.client_id)
    page = browser.submit(form=star, wanted="yes")
    assert page.text.index(">常用<") < page.text.index("食堂") < page.text.index("学习")
    star = next(form for form in page.forms if form.fields.get("app") == canteen.client_id)
    page = browser.submit(form=star, wanted="no")
    assert ">常用<" not in page.text


def test_many_apps_can_be_searched(browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known) -> None:
    for number in range(7):
        register_app(app, deployment, school, name=f"应用{number}")
    start_page(browser, person)
    assert "应用3" in browser.get("/?q=%E5%BA%94%E7%94%A83").text
    assert "应用4" not in browser.page.text
    assert "没有这样的应用" in browser.get("/?q=nothing+of+the+kind").text
    assert browser.get("/?q=" + "x" * 5000).status == 200


def test_notices_are_for_everybody_or_a_school_and_for_their_time(
    browser: Browser, deployment: Deployment, school: str, person: Known, clock: SettableClock
) -> None:
    other = make_school(deployment, "第二小学")
    soon = clock.now() + timedelta(days=7)
    with deployment.transaction(OPERATOR) as tx:
        notices.add(tx, "周六维护", "22 点到 24 点。<b>", institution=None, ends_at=soon)
        notices.add(tx, "本校通知", "开放选课", institution=school, ends_at=soon)
        notices.add(tx, "别校通知", "与您无关", institution=other, ends_at=soon)
        notices.add(tx, "以后的", "还没到", institution=None, begins_at=clock.now() + timedelta(days=1), ends_at=soon)
        taken_down = notices.add(tx, "撤下的", "不再显示", institution=None, ends_at=soon).id
    with deployment.transaction(OPERATOR) as tx:
        notices.remove(tx, taken_down)
    page = start_page(browser, person)
    assert "周六维护" in page.text
    assert "&lt;b&gt;" in page.text
    assert "本校通知" in page.text
    assert [title for title in ("别校通知", "以后的", "撤下的") if title in page.text] == []
    clock.forward(days=8)
    assert "周六维护" not in start_page(browser, person).text


@pytest.mark.parametrize(
    ("title", "text", "days"),
    [("", "x", 1), ("x" * 101, "x", 1), ("a\nb", "x", 1), ("x", " ", 1), ("x", "x" * 2001, 1), ("x", "x", 0)],
)
def test_a_notice_that_cannot_be_is_refused(deployment: Deployment, clock: SettableClock, title: str, text: str, days: int) -> None:
    with pytest.raises(InvalidEntry), deployment.transaction(OPERATOR) as tx:
        notices.add(tx, title, text, institution=None, ends_at=clock.now() + timedelta(days=days))
    with pytest.raises(NoSuchNotice), deployment.transaction(OPERATOR) as tx:
        notices.remove(tx, 1)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "app.example",
        "https://",
        "https://a@b.example/",
        "https://b.example/\n",
        "https://[",
        "https://x/" + "x" * 2000,
    ],
)
def test_an_address_that_is_none_is_refused(deployment: Deployment, rp: RelyingParty, address: str) -> None:
    with pytest.raises(InvalidEntry):
        place(deployment, rp, address=address)


def test_an_audience_of_nobody_that_exists_is_refused(deployment: Deployment, rp: RelyingParty) -> None:
    with pytest.raises(NoSuchInstitution):
        mean(deployment, rp, institutions=("9999999999",))
    with pytest.raises(InvalidRegistration):
        mean(deployment, rp, roles=("principal",))


def test_whoever_has_left_signs_in_to_their_account_and_to_no_app(
    browser: Browser, deployment: Deployment, rp: RelyingParty, school: str, person: Known, clock: SettableClock
) -> None:
    tokens = rp.exchange(sign_in_to(browser, rp, person)).body
    with deployment.transaction(OPERATOR) as tx:
        affiliations.end(tx, tx.session.get_one(Person, person.id), school, Role.STUDENT)
    assert rp.userinfo(tokens["access_token"]).status == 401
    assert "不对您开放" in browser.get(rp.authorize_url()).text
    assert "图书馆" not in start_page(browser, person).text
    with deployment.transaction(OPERATOR) as tx:
        affiliations.add(tx, tx.session.get_one(Person, person.id), school, Role.ALUMNUS)
    clock.forward(hours=1)
    assert "图书馆" in start_page(browser, person).text


@pytest.mark.parametrize("signed_in_before", [False, True])
def test_whoever_an_app_is_not_for_is_told_here_and_the_app_learns_only_that(
    browser: Browser, deployment: Deployment, rp: RelyingParty, person: Known, signed_in_before: bool
) -> None:
    mean(deployment, rp, roles=("teacher",))
    if signed_in_before:
        start_page(browser, person)
    page = browser.get(rp.authorize_url())
    if not signed_in_before:
        page = browser.sign_in(person.number, PASSWORD)
    assert "不对您开放" in page.text
    assert "it@example.edu.cn" in page.text
    page = browser.submit(decision="refuse")
    assert page.location.startswith(CALLBACK)
    assert (page.query["error"], page.query["state"]) == ("access_denied", rp.state)


def test_the_page_cannot_be_answered_with_a_yes(browser: Browser, deployment: Deployment, rp: RelyingParty, person: Known) -> None:
    mean(deployment, rp, roles=("teacher",))
    browser.get(rp.authorize_url())
    page = browser.sign_in(person.number, PASSWORD)
    page = browser.post(page.forms[-1].action, {**page.forms[-1].fields, "decision": "agree"})
    assert "不对您开放" in page.text


def test_without_a_page_it_is_an_error_of_the_protocol(
    browser: Browser, deployment: Deployment, rp: RelyingParty, person: Known
) -> None:
    mean(deployment, rp, roles=("teacher",))
    start_page(browser, person)
    assert browser.get(rp.authorize_url(prompt="none")).query["error"] == "access_denied"


def test_whoever_leaves_loses_the_app_with_the_next_token(
    app: Flask, browser: Browser, deployment: Deployment, school: str, clock: SettableClock
) -> None:
    teacher = make_person(deployment, school, document="DEMO2", role=Role.TEACHER)
    party = register_app(app, deployment, school, trusted=True)
    mean(deployment, party, institutions=(school,), roles=("teacher",))
    tokens = party.exchange(sign_in_to(browser, party, teacher, scope="openid offline_access")).body
    assert party.userinfo(tokens["access_token"]).status == 200
    clock.forward(days=2)
    tokens = party.refresh(tokens["refresh_token"]).body
    with deployment.transaction(OPERATOR) as tx:
        row = tx.session.scalars(select(Person).where(Person.number == teacher.number)).one()
        affiliations.end(tx, row, school, Role.TEACHER, on=clock.now().date() - timedelta(days=1))
    assert party.userinfo(tokens["access_token"]).status == 401
    assert party.introspect(tokens["access_token"]).body == {"active": False}
    assert party.refresh(tokens["refresh_token"]).error == "invalid_grant"


def test_nobody_else_changes_a_favourite(browser: Browser, rp: RelyingParty) -> None:
    page = browser.post("/favourite", {"app": rp.client_id, "wanted": "yes"})
    assert page.status in (302, 400)
