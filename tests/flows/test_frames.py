"""In a real browser: apps' pages in frames at the sign-out, and the frame that tells an app whether the session lasts."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page, expect

from tests.flows.conftest import Site, agree, sign_in
from tests.services.receiver import receiving

ASK = """<!doctype html><title>app</title><p id="answer"></p><iframe id="op" src="{frame}"></iframe><script>
const wanted = "{client_id} " + new URLSearchParams(location.search).get("session_state");
addEventListener("message", (event) => {{ document.getElementById("answer").textContent = event.data; }});
document.getElementById("op").addEventListener("load", (event) => event.target.contentWindow.postMessage(wanted, "{origin}"));
</script>"""


def test_an_app_asks_the_frame_and_is_shown_a_page_at_the_sign_out(
    site: Site, page: Page, shot: Callable[[Page, str], Path]
) -> None:
    person = site.newcomer()
    with receiving() as app:
        url = app.url.replace("127.0.0.1", "localhost")  # the same site as the provider's
        made = site.register(
            "会话应用",
            f"{url}/callback",
            f"{url}/",
            issuer="intl",
            frontchannel_logout_uri=f"{url}/front",
            grant_types=("implicit",),
            response_types=("id_token",),
        )
        ask = ASK.format(frame=f"{site.url}/intl/oauth/session", client_id=made.app.id, origin=site.url)
        app.content_type = "text/html"
        app.documents["/front"] = b"signed out"
        query = f"client_id={made.app.id}&response_type=id_token&response_mode=fragment&nonce=n&scope=openid&redirect_uri={url}/callback"
        app.documents["/callback"] = b"<title>back</title>"
        page.goto(f"{site.url}/intl/oauth/authorize?{query}")
        sign_in(page, person)
        agree(page)
        page.wait_for_url(f"{url}/callback*")
        state = dict(parse_qsl(urlsplit(page.url).fragment))["session_state"]
        asking = f"/ask?session_state={state}"
        app.documents[asking] = ask.encode()
        page.goto(f"{url}{asking}")
        expect(page.locator("#answer")).to_have_text("unchanged")
        page.goto(f"{site.url}/logout")
        page.click("main form[action$='/logout'] button")
        expect(page.locator(".sign-outs li.done")).to_have_count(1)
        shot(page, "farewell")
        fetched = [path for path in app.fetched if path.startswith("/front")]
        assert len(fetched) == 1
        assert set(dict(parse_qsl(urlsplit(fetched[0]).query))) == {"iss", "sid"}
        page.goto(f"{url}{asking}")
        expect(page.locator("#answer")).to_have_text("changed")
