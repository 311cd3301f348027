"""How many signatures a network may cause, and what OCSP says to whoever has had them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idp.app import create_app
from idp.certification.status.allowance import Allowance
from idp.crypto.x509.ocsp import CertID, OCSPRequest, OCSPResponse, ResponseStatus
from tests.at_once import at_once
from tests.certificates_of_schools import Authorities
from tests.clocks import SettableClock

NOW = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("no address", "another", True),
    ],
)
def test_what_is_one_network(first: str, second: str, is_same: bool) -> None:
    allowance = Allowance(1)
    assert allowance.take(first, NOW)
    assert allowance.take(second, NOW) is not is_same


def test_a_minute_begins_with_the_first() -> None:
    allowance = Allowance(2)
    moments = [0, 59, 59.9, 60, 61, 62]
    assert [allowance.take("192.0.2.1", NOW + timedelta(seconds=one)) for one in moments] == [True, True, False, True, True, False]


def test_many_addresses_cost_no_memory() -> None:
    allowance = Allowance(1, remembered=3)
    assert all(allowance.take(f"192.0.2.{number}", NOW) for number in range(4))
    assert [allowance.take(f"192.0.2.{number}", NOW) for number in (3, 0)] == [False, True]


def test_of_twenty_at_once_as_many_pass_as_may() -> None:
    allowance = Allowance(7)
    assert sum(map(bool, at_once(lambda _: allowance.take("192.0.2.1", NOW)))) == 7


def test_whoever_causes_too_many_signatures_is_told_to_try_later(here: Authorities, clock: SettableClock) -> None:
    issuer, row = here.chain()[0], here.issue()
    settings = here.deployment.settings.model_copy(update={"ca_ocsp_signatures_per_minute": 2})
    app = create_app(replace(here.deployment, settings=settings))

    def ask(address: str, nonce: bytes | None, number: int = int(row.serial, 16)) -> ResponseStatus:
        body = OCSPRequest((CertID.of(issuer.subject, issuer.public_key, number),), nonce).encode()
        where = {"REMOTE_ADDR": address}
        answer = app.test_client().post("/ocsp", data=body, content_type="application/ocsp-request", environ_overrides=where)
        assert answer.status_code == 200
        return OCSPResponse.from_der(answer.data).status

    good, later = ResponseStatus.SUCCESSFUL, ResponseStatus.TRY_LATER
    nonce = b"n" * 32
    # A number that was never issued costs a signature too.
    assert [ask("192.0.2.1", nonce), ask("192.0.2.1", None, 1 << 158), ask("192.0.2.1", nonce)] == [good, good, later]
    assert ask("192.0.2.1", None, 1 << 157) is later
    # What was signed in advance anybody may have, and others are others.
    assert [ask("192.0.2.1", None), ask("192.0.2.1", None), ask("192.0.2.2", nonce)] == [good] * 3
    clock.forward(seconds=61)
    assert ask("192.0.2.1", nonce) is good
