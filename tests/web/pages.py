"""A browser without a screen, over Flask's test client: it keeps cookies, follows redirects, and fills in the forms of a page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

HOST = "http://localhost:8000"


@dataclass
class Form:
    """A form as it stands in the page: where it goes, what is filled in already, and what can be ticked."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    ticks: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found.get("action", ""), found.get("method", "get").lower()))
        elif tag == "input" and self.forms and found.get("type") == "checkbox" and "checked" not in found:
            self.forms[-1].ticks.append(found["name"])
        elif tag == "input" and self.forms and "name" in found:
            self.forms[-1].fields[found["name"]] = found.get("value", "")
        elif tag == "button" and self.forms and "name" in found:
            self.forms[-1].buttons.append((found["name"], found.get("value", "")))


class Page:
    """What the browser shows."""

    def __init__(self, response: TestResponse, url: str) -> None:
        self.status, self.url = response.status_code, url
        self.text = response.get_data(as_text=True)
        self.headers = response.headers
        self.location = response.headers.get("Location", "")
        parser = _Forms()
        parser.feed(self.text)
        self.forms = parser.forms

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address that the page leads to, or that it has."""
        parts = urlsplit(self.location or self.url)
        return dict(parse_qsl(parts.query or parts.fragment))

    def form(self, *names: str) -> Form:
        """The form that has all these fields."""
        return next(form for form in self.forms if set(names) <= {*form.fields, *form.ticks, *(name for name, _ in form.buttons)})


class Browser:
    """One browser: another one has other cookies. ``address`` is where it connects from."""

    def __init__(self, app: Flask, *, language: str = "zh-CN", address: str = "127.0.0.1") -> None:
        self.client = app.test_client()
        self.page: Page
        self._base = {"base_url": HOST, "environ_overrides": {"REMOTE_ADDR": address}}
        self._headers = {"Accept-Language": language, "User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0"}

    def get(self, url: str) -> Page:
        """Opens an address and follows redirects as long as they stay here."""
        return self._go("GET", url, None)

    def post(self, url: str, data: dict[str, str]) -> Page:
        """Sends a form that no page offered."""
        return self._go("POST", url, data)

    def submit(self, *, form: Form | None = None, **fields: str) -> Page:
        """Fills the form that has these fields in, and sends it."""
        chosen = form or self.page.form(*fields)
        return self._go(chosen.method.upper(), chosen.action or self.page.url, {**chosen.fields, **fields})

    def sign_in(self, account: str, password: str, **more: str) -> Page:
        """Fills in account and password on the page that asks for them."""
        return self.submit(account=account, password=password, **more)

    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        return {name: cookie.value for (_, _, name), cookie in self.client._cookies.items()}

    def _go(self, method: str, url: str, data: dict[str, str] | None) -> Page:
        for _ in range(10):
            parts = urlsplit(url)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            response = self.client.open(path, method=method, data=data, headers=self._headers, **self._base)
            self.page = Page(response, url)
            target = self.page.location
            if response.status_code not in (301, 302, 303, 307) or (target.startswith("http") and not target.startswith(HOST)):
                return self.page
            method, url, data = "GET", target, None
        raise AssertionError(f"too many redirects, the last one to {url}")
