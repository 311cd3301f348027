"""Every page: its language, its headers, its errors, and forms that nobody else can send."""

import pytest
from flask import Flask

from tests.people import PASSWORD, Known
from tests.web.pages import Browser


def test_every_form_refuses_a_post_that_no_page_of_ours_made(app: Flask, browser: Browser, person: Known) -> None:
    browser.get("/login")
    browser.sign_in(person.number, PASSWORD)
    posts = {rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or set())}
    protected = {
        rule
        for rule in posts
        if not rule.startswith(("/oauth/authorize", "/oauth/logout", "/intl/oauth/authorize", "/intl/oauth/logout", "/cas/login"))
    }
    assert len(protected) > 10
    for rule in protected:
        assert browser.post(rule, {"csrf_token": "forged"}).status == 400, rule
        assert browser.post(rule, {}).status == 400, rule
    assert "林小雨" in browser.get("/me").text


def test_another_sites_page_can_be_neither_in_the_language_switch_nor_after_it(browser: Browser) -> None:
    browser.get("/login")
    for back in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\n/evil.example"):
        form = browser.page.form("language")
        response = browser.client.post(
            form.action, data={**form.fields, "back": back, "language": "en"}, base_url="http://localhost:8000"
        )
        assert response.headers["Location"] == "/"
        browser.get("/login")


def test_the_language_is_the_readers_choice_then_the_browsers_then_chinese(app: Flask) -> None:
    for tag in ("zh-CN", "zh", "zh-Hans-CN", "zh-TW", "fr", ""):
        assert "登录" in Browser(app, language=tag).get("/login").text, tag
    browser = Browser(app, language="en-GB,en;q=0.9")
    assert "Sign in" in browser.get("/login").text
    page = browser.submit(language="zh_Hans")
    assert "登录" in page.text
    assert "登录" in browser.get("/login").text


def test_every_page_carries_the_headers_that_make_a_mistake_cost_little(browser: Browser) -> None:
    for path in ("/login", "/activate", "/signed-out", "/nothing-here"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_a_page_that_is_not_there_says_so_in_plain_words(browser: Browser, english: Browser) -> None:
    assert "没有这个页面" in browser.get("/nothing-here").text
    assert "Page not found" in english.get("/nothing-here").text


def test_an_unexpected_error_shows_a_number_and_nothing_of_what_happened(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM table")

    monkeypatch.setattr("idp.login.flow.find", broken)
    page = browser.get("/login?flow=x")
    assert page.status == 500
    assert "SELECT" not in page.text
    assert "Traceback" not in page.text
