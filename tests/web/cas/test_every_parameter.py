"""Every parameter of every endpoint: absent, empty, repeated, oversized, of the wrong kind or encoding. Never a 500."""

from urllib.parse import quote

from flask import Flask

from tests.people import Known
from tests.web.cas.conftest import ADDRESS, CasApp
from tests.web.pages import HOST, Browser
from tests.web.test_every_parameter import NASTY, RAW

PARAMETERS = {
    "login": ("service", "renew", "gateway", "method", "TARGET", "warn"),
    "resume": ("request", "login_error"),
    "logout": ("service", "url"),
    "validate": ("service", "ticket", "renew"),
    "serviceValidate": ("service", "ticket", "renew", "pgtUrl", "format"),
    "p3/proxyValidate": ("service", "ticket", "renew", "pgtUrl", "format"),
    "proxy": ("pgt", "targetService", "format"),
    "samlValidate": ("TARGET",),
}


def test_no_value_of_any_parameter_is_too_much(app: Flask, service: CasApp) -> None:
    client = app.test_client()
    values = [
        *(quote(value, errors="surrogatepass").encode() for value in NASTY.values()),
        *RAW.values(),
        b"http://[",
        b"a&x=1&x=2",
    ]
    for endpoint, names in PARAMETERS.items():
        for name in names:
            for value in values:
                query = name.encode() + b"=" + value
                for method in ("GET", "POST"):
                    path = f"/cas/{endpoint}?{query.decode('latin-1')}"
                    answer = client.open(path, method=method, base_url=HOST, data=query if method == "POST" else None)
                    assert answer.status_code < 500, (method, path[:200])


def test_a_ticket_survives_what_is_not_about_it(browser: Browser, service: CasApp, person: Known) -> None:
    ticket = service.ticket(browser, person)
    for more in ({"format": "YAML"}, {"pgtUrl": "x" * 5000}):
        assert service.validate(ticket, **more).failure == "INVALID_REQUEST"
    assert service.ask("serviceValidate", ticket=ticket).failure == "INVALID_REQUEST"
    assert service.validate(ticket, service=ADDRESS).user == "S001"
