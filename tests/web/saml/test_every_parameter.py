"""Every parameter of every endpoint: absent, empty, repeated, oversized, of the wrong kind or encoding. A page that says so."""

from urllib.parse import quote, urlencode

import pytest

from tests.service_provider import form, query
from tests.web.pages import HOST, Browser
from tests.web.saml.conftest import SamlApp
from tests.web.test_every_parameter import FORM, NASTY, RAW

# What is text to us, and goes back to the app as it came, may be any text. What is looked up by it is then not found.
TEXTS = {"RelayState", "target"}
REFUSED_TEXTS = {"oversized", "a null byte", "a new line", "repeated"}
PARAMETERS = {
    ("GET", "sso"): ("SAMLRequest", "RelayState", "SAMLEncoding", "SigAlg", "Signature"),
    ("POST", "sso"): ("SAMLRequest", "RelayState"),
    ("GET", "slo"): ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature"),
    ("POST", "slo"): ("SAMLRequest", "SAMLResponse", "RelayState"),
    ("GET", "start"): ("app", "providerId", "target"),
    ("GET", "resume"): ("request", "login_error"),
    ("GET", "farewell"): ("session",),
}


def usual(library: SamlApp, method: str, endpoint: str, besides: str) -> bytes:
    """The other parameters of a request that would do."""
    if endpoint == "start":
        return urlencode({"app": library.id} if besides == "target" else {}).encode()
    if endpoint != "sso" or besides == "SAMLRequest":
        return b""
    return (query(library.provider.request()) if method == "GET" else urlencode(form(library.provider.request()))).encode()


def tries(parameter: str) -> dict[str, bytes]:
    """What is sent, by what is wrong with it."""
    key = quote(parameter).encode()
    found = {label: key + b"=" + quote(value, errors="surrogatepass").encode() for label, value in NASTY.items()}
    found |= {label: key + b"=" + value for label, value in RAW.items()}
    return found | {"absent": b"", "repeated": key + b"=a&" + key + b"=a"}


@pytest.mark.parametrize(("method", "endpoint"), PARAMETERS)
def test_what_cannot_be_read_is_said_on_a_page(browser: Browser, library: SamlApp, method: str, endpoint: str) -> None:
    for parameter in PARAMETERS[method, endpoint]:
        others = usual(library, method, endpoint, parameter)
        for label, sent in tries(parameter).items():
            text = b"&".join(filter(None, (others, sent)))
            in_query = method == "GET"
            answer = browser.client.open(
                f"/saml2/{endpoint}" + (f"?{text.decode('latin-1')}" if in_query else ""),
                method=method,
                data=None if in_query else text,
                content_type=None if in_query else FORM,
                base_url=HOST,
            )
            may_pass = label == "absent" or (parameter in TEXTS and label not in REFUSED_TEXTS)
            if not (may_pass and others):
                assert answer.status_code == 400, (parameter, label)
                assert "<h1>" in answer.text, (parameter, label)
                assert 'href="/"' in answer.text, (parameter, label)
            assert answer.status_code in (200, 302, 303, 400), (parameter, label)


@pytest.mark.parametrize("body", [b"", b"\x00" * 100, b"<a/>", b"<" * 1000, "<一>".encode("gb18030"), b"x" * 300_000])
def test_what_a_program_sends_that_is_no_envelope_is_refused(browser: Browser, body: bytes) -> None:
    assert browser.client.post("/saml2/slo/soap", data=body, content_type="text/xml", base_url=HOST).status_code in (400, 413)
