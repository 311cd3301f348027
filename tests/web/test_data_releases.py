"""What was told to which app about whom: written down with the telling, shown to the person, and kept within bounds."""

import csv
import io
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from idp.deployment import Deployment
from idp.release import report
from idp.release.report import Release
from idp.release.tables import DataRelease
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import Known, make_person
from tests.web.conftest import sign_in_to
from tests.web.pages import Browser
from tests.web.relying_party import RelyingParty, register_app


def told(deployment: Deployment, person: Known) -> list[Release]:
    with deployment.reading() as session:
        return report.of_person(session, person.id)


def test_every_telling_is_written_down_by_names_and_never_by_values(
    browser: Browser, rp: RelyingParty, person: Known, deployment: Deployment
) -> None:
    tokens = rp.exchange(sign_in_to(browser, rp, person)).body
    rp.userinfo(tokens["access_token"])
    rows = {row.place: row for row in told(deployment, person)}
    assert rows["id_token"].claims == ("sub",)
    assert set(rows["userinfo"].claims) == {"sub", "name", "locale", "school_code", "affiliations"}
    assert {row.client_id for row in rows.values()} == {rp.client_id}
    with deployment.reading() as session:
        kept = session.scalars(select(DataRelease)).all()
    assert "林小雨" not in "".join(str(vars(row)) for row in kept)


def test_an_id_token_by_the_implicit_flow_is_a_telling_too(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known
) -> None:
    old = register_app(app, deployment, school, grant_types=("implicit",), response_types=("id_token",), trusted=True)
    browser.get(old.authorize_url(response_type="id_token", code_challenge=None, code_challenge_method=None))
    browser.sign_in(person.number, "violet-tram-93")
    assert "name" in told(deployment, person)[0].claims


def test_nothing_is_written_where_nothing_is_told(rp: RelyingParty, code: str, person: Known, deployment: Deployment) -> None:
    before = told(deployment, person)
    assert rp.userinfo("unknown").status == 401
    assert rp.exchange("unknown").status == 400
    assert told(deployment, person) == before


def test_twenty_tellings_at_once_are_one_row_that_counts_twenty(
    rp: RelyingParty, tokens: dict[str, str], person: Known, deployment: Deployment
) -> None:
    statuses = at_once(lambda _: rp.userinfo(tokens["access_token"]).status)
    assert statuses == [200] * 20
    assert [row.count for row in told(deployment, person) if row.place == "userinfo"] == [20]


def test_another_day_is_another_row(
    browser: Browser, rp: RelyingParty, tokens: dict[str, str], person: Known, deployment: Deployment, clock: SettableClock
) -> None:
    clock.forward(days=1)
    fresh = rp.refresh(tokens["refresh_token"])
    assert fresh.status == 200
    days = [row.day for row in told(deployment, person)]
    assert days == [date(2026, 9, 2), date(2026, 9, 1)]


def test_the_person_reads_it_in_words_and_takes_it_along(
    browser: Browser, rp: RelyingParty, tokens: dict[str, str], person: Known
) -> None:
    rp.userinfo(tokens["access_token"])
    assert "/me/releases" in browser.get("/me").text
    page = browser.get("/me/releases")
    for words in ("图书馆", "您的姓名", "您的学校", "2026-09-01"):
        assert words in page.text
    document = browser.client.get("/me/releases.json").get_json()
    assert {row["place"] for row in document} == {"id_token", "userinfo"}
    table = browser.client.get("/me/releases.csv")
    assert table.headers["Content-Disposition"] == 'attachment; filename="releases.csv"'
    rows = list(csv.DictReader(io.StringIO(table.get_data().decode("utf-8-sig"))))
    assert {row["app"] for row in rows} == {"图书馆"}


def test_a_spreadsheet_takes_no_name_of_an_app_for_a_formula(
    browser: Browser, app: Flask, deployment: Deployment, school: str, person: Known
) -> None:
    evil = register_app(app, deployment, school, name='=HYPERLINK("https://evil.example")')
    evil.exchange(sign_in_to(browser, evil, person))
    rows = csv.DictReader(io.StringIO(browser.client.get("/me/releases.csv").get_data().decode("utf-8-sig")))
    assert [row["app"][0] for row in rows] == ["'"]


@pytest.mark.parametrize("path", ["/me/releases", "/me/releases.json", "/me/releases.csv"])
def test_nobody_else_reads_it(app: Flask, path: str) -> None:
    assert app.test_client().get(path).status_code == 302


def test_an_audit_sees_what_an_app_was_told_about_minors(
    app: Flask, deployment: Deployment, school: str, rp: RelyingParty, person: Known
) -> None:
    pupil = make_person(deployment, school, document="DEMO1", born=date(2012, 1, 1))
    teacher = make_person(deployment, school, document="DEMO2", born=date(1980, 1, 1))
    for who in (pupil, teacher, person):
        rp.exchange(sign_in_to(Browser(app), rp, who))
    with deployment.reading() as session:
        vault = deployment.ring.vault
        everybody = list(report.of_app(session, vault, rp.client_id, 2026, minors=False))
        minors = list(report.of_app(session, vault, rp.client_id, 2026, minors=True))
        assert list(report.of_app(session, vault, rp.client_id, 2025, minors=False)) == []
    assert {row.person_number for row in everybody} == {pupil.number, teacher.number, person.number}
    assert {row.person_number for row in minors} == {pupil.number, person.number}
