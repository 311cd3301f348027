"""Service addresses are compared part by part, after strict parsing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.apps.errors import InvalidRegistration
from idp.sso.cas.errors import UnknownService
from idp.sso.cas.service_url import check, lies_under, parse, to_ascii, with_parameters

REGISTERED = "https://jw.example.edu.cn/app"


@pytest.mark.parametrize(
    "address",
    [
        REGISTERED,
        f"{REGISTERED}/",
        f"{REGISTERED}?a=1",
        f"{REGISTERED}/x/y?a=/../b",
        "https://JW.example.edu.cn/app/",
        "https://jw.example.edu.cn:443/app/",
        f"{REGISTERED}/;jsessionid=1",
        f"{REGISTERED}/成绩",
    ],
)
def test_what_lies_at_or_below_the_address_is_the_apps(address: str) -> None:
    assert lies_under(parse(address), parse(REGISTERED))
    assert lies_under(parse(address), parse(f"{REGISTERED}/"))


@pytest.mark.parametrize(
    "address",
    [
        "https://jw.example.edu.cn/",
        "https://jw.example.edu.cn/apple",
        "https://jw.example.edu.cn/App",
        "http://jw.example.edu.cn/app",
        "https://jw.example.edu.cn:444/app",
        "https://x.jw.example.edu.cn/app",
        "https://example.edu.cn/app",
        "https://evil.example/https://jw.example.edu.cn/app",
    ],
)
def test_what_lies_elsewhere_is_not(address: str) -> None:
    assert not lies_under(parse(address), parse(REGISTERED))
    assert not lies_under(parse(address), parse(f"{REGISTERED}/"))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/app",
        "//jw.example.edu.cn/app",
        "HTTPS://jw.example.edu.cn/app",
        "https:/jw.example.edu.cn/app",
        "https:jw.example.edu.cn/app",
        "ftp://jw.example.edu.cn/app",
        "javascript://jw.example.edu.cn/app",
        "https://user@jw.example.edu.cn/app",
        "https://user:pw@jw.example.edu.cn/app",
        "https://@jw.example.edu.cn/app",
        "https://jw.example.edu.cn:/app",
        "https://jw.example.edu.cn:0/app",
        "https://jw.example.edu.cn:99999/app",
        "https://jw.example.edu.cn:x/app",
        "https://jw.example.edu.cn/app#x",
        "https://jw.example.edu.cn/app#",
        "https://jw.example.edu.cn\\@evil.example/app",
        "https://jw.example.edu.cn/\\evil.example",
        "https://jw.example.edu.cn/app x",
        " https://jw.example.edu.cn/app",
        "https://jw.example.edu.cn/app\t",
        "https://jw.example.edu.cn/app\r\nX: y",
        "https://jw.example.edu.cn/app\x00",
        "https://jw.example.edu.cn/app\u202e",
        "https://jw.ехample.edu.cn/app",
        "https://jw。example.edu.cn/app",
        "https://*.example.edu.cn/app",
        "https://[::1/app",
        "https:///app",
        "https://jw.example.edu.cn/app/..",
        "https://jw.example.edu.cn/app/./x",
        "https://jw.example.edu.cn/app/%2e%2E/x",
        "https://jw.example.edu.cn/app/.%2e/x",
        "https://jw.example.edu.cn/app/..;x/y",
        "https://jw.example.edu.cn/app/..%2fx",
        "https://jw.example.edu.cn/app/%5c..%5cx",
        "https://jw.example.edu.cn/app/%252e%252e/x",
        "https://jw.example.edu.cn/app/%zz",
        "https://jw.example.edu.cn/" + "a" * 2048,
    ],
)
def test_what_no_address_of_an_app_can_be_is_refused(address: str) -> None:
    with pytest.raises(UnknownService):
        parse(address)


@pytest.mark.parametrize(
    "address", ["http://jw.example.edu.cn/", "https://jw.example.edu.cn/?a=1", "https://jw.example.edu.cn/*", "https://*/", ".*"]
)
def test_what_must_not_be_registered(address: str) -> None:
    with pytest.raises(InvalidRegistration):
        check(address, field="service")


@pytest.mark.parametrize(
    "address", ["https://jw.example.edu.cn", "http://localhost:8080/app", "http://[::1]:8080/", "http://127.0.0.1/"]
)
def test_what_may_be_registered(address: str) -> None:
    assert check(address, field="service").text == address


def test_plain_http_may_be_registered_where_it_is_allowed() -> None:
    assert check("http://jw.example.edu.cn/", field="service", plain_http=True).origin.port == 80


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_no_text_beyond_the_registered_origin_ends_anywhere_else(tail: str) -> None:
    try:
        url = parse(f"https://jw.example.edu.cn/app/{tail}")
    except UnknownService:
        return
    assert (url.origin.host, url.origin.port) == ("jw.example.edu.cn", 443)
    assert url.path.startswith("/app/")
    assert to_ascii(url.text).isascii()
    assert to_ascii(url.text).isprintable()


@pytest.mark.parametrize(
    ("service", "joined"),
    [
        ("https://a.cn/x", "https://a.cn/x?ticket=ST-1"),
        ("https://a.cn/x?", "https://a.cn/x?ticket=ST-1"),
        ("https://a.cn/x?y=1", "https://a.cn/x?y=1&ticket=ST-1"),
        ("https://a.cn/x?y=1&", "https://a.cn/x?y=1&ticket=ST-1"),
        ("https://a.cn/成绩?y=%E6%88%90", "https://a.cn/%E6%88%90%E7%BB%A9?y=%E6%88%90&ticket=ST-1"),
    ],
)
def test_the_ticket_comes_after_what_the_address_says(service: str, joined: str) -> None:
    assert with_parameters(service, "ticket=ST-1") == joined
