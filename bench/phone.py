"""The phone's part in Chromium, at full speed and six times slower (CDP ``Emulation.setCPUThrottlingRate``), as cheap phones are.

Measured inside the page, from the press of the button to the last word of the app: the PIN's derivation, both messages, the check
of the signature; the server stands on the same machine and is not slowed down.
"""

from collections.abc import Iterator
from statistics import median

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.measurement import Measurement
from bench.site import Site, site
from idp.sms.work import FIRST_BITS, LAST_BITS
from tests.flows.conftest import CHROMIUM_FLAGS, Newcomer
from tests.flows.test_phone import PIN, begin_sign_in, enrol
from tests.people import PASSWORD
from tests.services.processes import needed

SIGN_INS = 5
SPEEDS = (1, 6)
WORK_BITS = (FIRST_BITS, LAST_BITS)
TRIES, ROUNDS = 20_000, 3

# From the press of the button until the app says that it is done.
TIMED = """
() => {
  const since = performance.now();
  document.querySelector("button.main").click();
  return new Promise((done) => {
    const look = () => {
      const over = document.querySelector("[data-done=done_login]") || performance.now() - since > 60000;
      return over ? done(performance.now() - since) : setTimeout(look, 1);
    };
    look();
  });
}
"""
TRIED = """
(tries) => {
  const since = performance.now();
  for (let number = 0; number < tries; number += 1) {
    firstWord(`${"0".repeat(32)}:${number}`);
  }
  return performance.now() - since;
}
"""


def measure() -> Iterator[Measurement]:
    """In milliseconds: a co-signature, the median, and the work before another text message, what it takes on average."""
    with sync_playwright() as playwright, site(workers=2) as here:
        browser = playwright.chromium.launch(
            executable_path=needed("chromium-headless-shell", "apt install chromium-headless-shell"), args=CHROMIUM_FLAGS
        )
        try:
            yield from _signatures(here, browser)
            yield from _work(here, browser)
        finally:
            browser.close()


def _signatures(here: Site, browser: Browser) -> Iterator[Measurement]:
    person = Newcomer(here.people(1)[0], "林0", PASSWORD)
    phone, computer = browser.new_context().new_page(), browser.new_context().new_page()
    enrol(here, computer, phone, person)  # type: ignore[arg-type]
    slow = phone.context.new_cdp_session(phone)
    for speed in SPEEDS:
        _slow_down(slow, speed)
        taken = [_signature(here, browser, phone, person) for _ in range(SIGN_INS)]
        yield Measurement(f"phone.signature.cpu_{speed}x", median(taken), "ms", goal="< 1000 ms" if speed == 6 else "")


def _signature(here: Site, browser: Browser, phone: Page, person: Newcomer) -> float:
    phone.wait_for_selector(".shield")
    computer = begin_sign_in(here, browser.new_context, person)  # type: ignore[arg-type]
    phone.wait_for_selector("[name=number]", timeout=60_000)
    phone.fill("[name=number]", computer.locator(".number").inner_text())
    phone.fill("[name=pin]", PIN)
    taken = float(phone.evaluate(TIMED))
    phone.click("button.main")
    computer.context.close()
    return taken


def _work(here: Site, browser: Browser) -> Iterator[Measurement]:
    page = browser.new_context().new_page()
    page.goto(f"{here.url}/login")
    page.add_script_tag(url=f"{here.url}/static/work.js")
    slow = page.context.new_cdp_session(page)
    for speed in SPEEDS:
        _slow_down(slow, speed)
        each = median(float(page.evaluate(TRIED, TRIES)) for _ in range(ROUNDS)) / TRIES
        for bits in WORK_BITS:
            yield Measurement(f"phone.work_{bits}_bits.cpu_{speed}x", each * 2**bits, "ms")


def _slow_down(session: CDPSession, times: int) -> None:
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})
