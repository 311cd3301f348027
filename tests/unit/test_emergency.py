"""A key in wrong hands: gone at once, another in its place, its certificate revoked, and sessions ended where that is wanted."""

from datetime import timedelta

import pytest

from idp import emergency
from idp.certification import authorities
from idp.certification.status import revocation
from idp.certification.tokens import keys as token_keys
from idp.crypto.errors import InvalidToken
from idp.crypto.jose import KeySet, jwt
from idp.crypto.x509.reasons import Reason
from idp.deployment import Deployment
from idp.emergency import Revoked
from idp.keys.errors import KeyNotRevocable, NoSuchKey
from idp.keys.states import SAML_ALGORITHM, Purpose, State, state
from tests.at_once import at_once, refused
from tests.certificates_of_schools import found_authorities
from tests.clocks import SettableClock
from tests.people import OPERATOR

SM = "SGD_SM3_SM2"


def revoke(deployment: Deployment, kid: str) -> Revoked:
    with deployment.transaction(OPERATOR) as tx:
        done = emergency.revoke_key(tx, deployment, kid, "laptop stolen")
    deployment.ring.forget()
    return done


def kids(deployment: Deployment, purpose: Purpose) -> list[str]:
    return [row.kid for row in deployment.ring.newest().rows if row.purpose == purpose]


def test_a_token_key_is_gone_at_once_and_its_certificate_with_it(deployment: Deployment) -> None:
    schools = found_authorities(deployment)
    signer = deployment.ring.signer(SM, deployment.clock.now())
    with deployment.transaction(OPERATOR) as tx:
        row = token_keys.certify(tx, schools.office, authorities.by_name(tx.session, "school"), signer, "http://localhost:8000")
    token = jwt.encode({"n": 1}, signer)
    done = revoke(deployment, signer.kid)
    assert (done.purpose, done.certificate) == ("token", row.serial)
    assert done.successor == deployment.ring.signer(SM, deployment.clock.now()).kid != signer.kid
    with pytest.raises(InvalidToken):
        jwt.decode(token, KeySet(deployment.ring.published("sm", deployment.clock.now())), algorithms=[SM])
    with deployment.reading() as session:
        ended = revocation.current(session, row)
    assert ended is not None
    assert ended.reason == Reason.KEY_COMPROMISE
    assert revoke(deployment, signer.kid).certificate is None  # a second time changes nothing


def test_of_twenty_who_revoke_a_key_at_once_the_next_takes_over_once(deployment: Deployment) -> None:
    kid = deployment.ring.signer("ES256", deployment.clock.now()).kid
    results = at_once(lambda _: revoke(deployment, kid))
    assert refused(results) == set()
    deployment.ring.forget()
    now = deployment.clock.now()
    states = [state(row, now) for row in deployment.ring.current().rows if row.algorithm == "ES256"]
    assert sorted(states) == [State.ACTIVE, State.NEXT, State.WITHDRAWN]


@pytest.mark.parametrize("purpose", [Purpose.SEAL, Purpose.AUTHORITY, Purpose.PASSWORD, Purpose.AUDIT])
def test_a_secret_is_renewed_once_and_an_older_one_needs_no_other(
    deployment: Deployment, clock: SettableClock, purpose: Purpose
) -> None:
    (before,) = kids(deployment, purpose)
    clock.forward(seconds=1)
    done = revoke(deployment, before)
    assert kids(deployment, purpose) == [before, done.successor]
    assert revoke(deployment, before).successor == done.successor
    assert len(kids(deployment, purpose)) == 2


@pytest.mark.parametrize("purpose", [Purpose.INDEX, Purpose.SUBJECT])
def test_what_cannot_change_says_so(deployment: Deployment, purpose: Purpose) -> None:
    with pytest.raises(KeyNotRevocable):
        revoke(deployment, kids(deployment, purpose)[0])
    with pytest.raises(NoSuchKey):
        revoke(deployment, "nothing")


def test_when_a_machine_was_copied_no_key_of_it_is_used_any_more(deployment: Deployment, clock: SettableClock) -> None:
    clock.forward(days=1)
    before = {row.kid for row in deployment.ring.newest().rows if row.algorithm != SAML_ALGORITHM}
    kept = {*kids(deployment, Purpose.INDEX), *kids(deployment, Purpose.SUBJECT)}
    with deployment.transaction(OPERATOR) as tx:
        done = emergency.revoke_all(tx, deployment, "disk copied")
    deployment.ring.forget()
    now = clock.now()
    assert {one.kid for one in done} | kept == before | kept
    in_use = {row.kid for row in deployment.ring.current().rows if state(row, now) in (State.ACTIVE, State.NEXT)}
    assert in_use & before == kept & in_use
    for key_set in ("sm", "intl"):
        assert not {str(key["kid"]) for key in deployment.ring.published(key_set, now)} & before
    for algorithm in (SM, "RS256", "ES256", "PS256", SAML_ALGORITHM):
        deployment.ring.signer(algorithm, now)
    clock.forward(seconds=timedelta(days=2).total_seconds())
    assert deployment.ring.signer(SM, clock.now())
