"""A school's token: who shows none, a wrong or an old one, learns nothing; who may read does not write."""

from flask import Flask

from idp.deployment import Deployment
from idp.registry import institution_lifecycle
from idp.roster import tokens
from idp.roster.tables import RosterToken
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.web.roster.conftest import System, system, user


def test_without_a_good_token_there_is_401_and_the_scheme(sis: System) -> None:
    for header in ("", "Bearer ", "Bearer wrong", "Basic eDp5", "Bearer " + "x" * 300, "bearer yst_x y"):
        answer = sis.call("GET", "/Users", Authorization=header)
        assert answer.status == 401, header
        challenge = answer.headers["WWW-Authenticate"]
        assert challenge.startswith('Bearer realm="http://localhost:8000/scim/v2"')
        assert ("invalid_token" in challenge) == bool(header)  # RFC 6750 §3
        assert answer.body["status"] == "401"


def test_a_token_ends_by_time_by_revocation_and_with_its_school(
    sis: System, another: System, app: Flask, deployment: Deployment, clock: SettableClock
) -> None:
    third = system(app, deployment, sis.institution)
    with deployment.transaction(OPERATOR) as tx:
        row = next(one for one in tokens.listed(tx.session, sis.institution) if one.token_hash == tokens.digest(third.token))
        tokens.revoke(tx, row.id)
        tokens.revoke(tx, row.id)
        institution_lifecycle.close(tx, another.institution)
    assert [one.call("GET", "/Users").status for one in (third, another, sis)] == [401, 401, 200]
    clock.forward(seconds=31 * 86400)
    assert sis.call("GET", "/Users").status == 401


def test_a_token_that_reads_changes_nothing(sis: System, app: Flask, deployment: Deployment) -> None:
    made = sis.add()
    reader = system(app, deployment, sis.institution, may_write=False)
    assert reader.find('userName eq "pupil1"') == ["pupil1"]
    for method, path, body in (
        ("POST", "/Users", user(2)),
        ("PUT", f"/Users/{made['id']}", user()),
        ("PATCH", f"/Users/{made['id']}", {}),
        ("DELETE", f"/Users/{made['id']}", None),
        ("POST", "/Bulk", {}),
    ):
        assert reader.call(method, path, body).status == 403, method


def test_its_use_is_noted_and_its_text_is_nowhere(sis: System, deployment: Deployment, clock: SettableClock) -> None:
    sis.call("GET", "/Users")
    with deployment.reading() as session:
        (row,) = session.query(RosterToken).all()
        assert row.last_used_at == clock.now()
        assert row.last_address == "127.0.0.1"
        assert sis.token not in str(row.__dict__)


NO_BODIES = [
    (b"", 400),
    (b"[]", 400),
    (b"{", 400),
    (b'{"a": 1, "a": 2}', 400),
    (b'{"a": NaN}', 400),
    (b"\xff\xfe", 400),
    (b"[" * 100_000, 400),
    (b" " * (4 * 1024 * 1024 + 1), 413),
]


def test_a_body_that_is_no_json_object_is_refused(sis: System) -> None:
    for body, status in NO_BODIES:
        answer = sis.call("POST", "/Users", body)
        assert answer.status == status, body[:20]
        assert answer.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
