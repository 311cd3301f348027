"""The time-stamp service: each stamp its own number, refusals in the words of RFC 3161, a new key every year."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from idp.app import create_app
from idp.certification import authorities, issuance, upkeep
from idp.certification.errors import InvalidTimeStampPolicy, NoTimeStampService
from idp.certification.status import revocation
from idp.certification.tables import IssuedCertificate, TimeStamp, TimeStampAuthority
from idp.certification.timestamping import keys as timestamp_keys
from idp.certification.timestamping import stamps as timestamps
from idp.certification.timestamping.stamps import Refused
from idp.crypto import sm3
from idp.crypto.der import AlgorithmIdentifier, oids, writer
from idp.crypto.x509.path import PathRules
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.timestamp import FailureInfo, MessageImprint, TimeStampInfo, TimeStampRequest, TimeStampResponse
from idp.crypto.x509.timestamp.verify import check_response
from tests.at_once import at_once, succeeded
from tests.certificates_of_schools import Authorities
from tests.clocks import SettableClock
from tests.people import OPERATOR

ASKED = TimeStampRequest(MessageImprint.of("毕业证书".encode()), None, 77, certificate_wanted=True)
DIGESTS = timestamps.digests_of("sm3,sha512")


def set_up(schools: Authorities, policy: str | None = None, name: str = "school") -> str:
    with schools.deployment.transaction(OPERATOR) as tx:
        authority = authorities.by_name(tx.session, name)
        return timestamp_keys.set_up(tx, schools.office, authority, policy=policy, accuracy_ms=1000).policy


def stamp(schools: Authorities, asked: TimeStampRequest = ASKED, name: str = "school") -> TimeStampResponse:
    with schools.deployment.transaction(OPERATOR) as tx:
        der = timestamps.reply(tx, schools.office, authorities.by_name(tx.session, name), asked)
    return TimeStampResponse.from_der(der)


def believed(schools: Authorities, answer: TimeStampResponse, asked: TimeStampRequest = ASKED) -> TimeStampInfo:
    rules = PathRules(at=schools.deployment.clock.now())
    return check_response(answer, asked, schools.chain("ministry")[-1], rules, others=schools.chain())


def test_of_twenty_at_once_each_has_a_number_of_its_own_also_after_a_restored_backup(
    schools: Authorities, clock: SettableClock
) -> None:
    set_up(schools)
    before = [believed(schools, one).serial_number for one in succeeded(at_once(lambda _: stamp(schools)))]
    assert len(set(before)) == 20
    with schools.deployment.transaction(OPERATOR) as tx:
        tx.session.execute(update(TimeStampAuthority).values(serial=5))
        kept = tx.session.scalars(select(TimeStamp.serial)).all()
        assert sorted(kept) == sorted(before)
    clock.forward(seconds=1)
    assert believed(schools, stamp(schools)).serial_number > max(before)


def test_a_stamp_says_what_was_asked_and_its_record_says_nothing_of_it(here: Authorities, clock: SettableClock) -> None:
    policy = set_up(here)
    asked = TimeStampRequest(ASKED.imprint, policy, 1 << 63, certificate_wanted=True)
    answer = stamp(here, asked)
    info = believed(here, answer, asked)
    assert (info.policy, info.at, info.accuracy) == (policy, clock.now().replace(microsecond=0), timedelta(seconds=1))
    token = answer.granted()
    # The signer's, and what leads to the root without it.
    assert set(token.certificates[1:]) | set(token.certificates[:1]) >= set(here.chain()[:-1])
    assert len(token.certificates) == len(here.chain())
    with here.deployment.reading() as session:
        row = session.scalars(select(TimeStamp)).one()
        assert row.digest == sm3.digest(token.der).hex()
        assert timestamps.count(session, authorities.by_name(session, "school")) == 1
    bare = TimeStampRequest(ASKED.imprint)
    assert stamp(here, bare).granted().certificates == ()
    with_null = TimeStampRequest(MessageImprint(AlgorithmIdentifier(oids.SM3, writer.NULL), ASKED.imprint.digest))
    assert stamp(here, with_null).granted().info.imprint == with_null.imprint


@pytest.mark.parametrize(
    ("der", "failure"),
    [
        (b"", FailureInfo.BAD_DATA_FORMAT),
        (b"x" * 5000, FailureInfo.BAD_DATA_FORMAT),
        (TimeStampRequest(MessageImprint.of(b"", oids.SHA256)).encode(), FailureInfo.BAD_ALG),
        (ASKED.encode().replace(writer.oid(oids.SM3), writer.oid("1.2.156.10197.1.409")), FailureInfo.BAD_ALG),
        (writer.sequence(writer.integer(2), ASKED.imprint.encode()), FailureInfo.BAD_REQUEST),
        (
            writer.sequence(writer.integer(1), ASKED.imprint.encode(), writer.explicit(0, writer.sequence(writer.oid("1.2.3")))),
            FailureInfo.UNACCEPTED_EXTENSION,
        ),
    ],
)
def test_what_is_no_question_is_refused_in_its_word(der: bytes, failure: FailureInfo) -> None:
    found = timestamps.question(der, DIGESTS)
    assert isinstance(found, Refused)
    assert TimeStampResponse.from_der(found.der).failures == {failure}


def test_a_digest_is_accepted_by_setting_and_another_policy_is_not(here: Authorities) -> None:
    wide = TimeStampRequest(MessageImprint.of(b"", oids.SHA512), "1.2.3")
    assert timestamps.question(wide.encode(), DIGESTS) == wide
    set_up(here, "1.2.156.5")
    assert stamp(here, wide).failures == {FailureInfo.UNACCEPTED_POLICY}
    set_up(here, "1.2.3")
    assert stamp(here, wide).granted().info.policy == "1.2.3"


def test_a_service_is_set_up_before_it_answers_and_keeps_its_key_and_policy(here: Authorities) -> None:
    with pytest.raises(NoTimeStampService):
        stamp(here)
    for policy in ("", "1", "3.1.2", "0.40.1", "1.2.x", "1.02.3", "1.2." + "9" * 200):
        with pytest.raises(InvalidTimeStampPolicy):
            set_up(here, policy)
    first = set_up(here)
    assert first.startswith("2.25.")
    certificate = stamp(here).granted().serial_number
    assert set_up(here) == first
    assert stamp(here).granted().serial_number == certificate


def test_an_authority_of_no_institution_stamps_too(here: Authorities) -> None:
    set_up(here, name="ministry")
    answer = stamp(here, name="ministry")
    assert check_response(answer, ASKED, here.chain("ministry")[0], PathRules(at=here.deployment.clock.now())).nonce == 77


def test_a_certificate_on_hold_stamps_nothing_and_a_revoked_one_is_replaced(here: Authorities) -> None:
    set_up(here)
    first = stamp(here).granted().serial_number
    with here.deployment.transaction(OPERATOR) as tx:
        revocation.hold(tx, issuance.by_serial(tx.session, f"{first:x}"))
    upkeep.run_due(here.deployment, here.office)
    assert stamp(here).failures == {FailureInfo.SYSTEM_FAILURE}
    with here.deployment.transaction(OPERATOR) as tx:
        revocation.release(tx, issuance.by_serial(tx.session, f"{first:x}"))
    assert stamp(here).granted().serial_number == first
    with here.deployment.transaction(OPERATOR) as tx:
        revocation.revoke(tx, issuance.by_serial(tx.session, f"{first:x}"), Reason.KEY_COMPROMISE)
    assert stamp(here).failures == {FailureInfo.SYSTEM_FAILURE}
    upkeep.run_due(here.deployment, here.office)
    assert stamp(here).granted().serial_number != first


def test_the_key_changes_every_year_and_old_stamps_stay_good(here: Authorities, clock: SettableClock) -> None:
    set_up(here)
    old = stamp(here)
    clock.forward(days=366)
    upkeep.run_due(here.deployment, here.office)
    new = stamp(here)
    assert old.granted().serial_number != new.granted().serial_number
    for answer in (old, new):
        believed(here, answer)
    with here.deployment.reading() as session:
        issued = session.scalars(select(IssuedCertificate).where(IssuedCertificate.profile == "timestamp")).all()
        assert len(issued) == 2
        assert not timestamp_keys.needs_renewal(session, issued[0].authority_id, clock.now())
    # An authority near its own end has no better certificate to give.
    clock.forward(days=3650)
    with here.deployment.reading() as session:
        assert not timestamp_keys.needs_renewal(session, issued[0].authority_id, clock.now())
    assert stamp(here).failures == {FailureInfo.SYSTEM_FAILURE}


def test_one_network_has_so_many_in_a_minute(here: Authorities, clock: SettableClock) -> None:
    set_up(here)
    settings = here.deployment.settings.model_copy(update={"ca_timestamps_per_minute": 2})
    app = create_app(replace(here.deployment, settings=settings))

    def ask(address: str, body: bytes = ASKED.encode()) -> TestResponse:
        where = {"REMOTE_ADDR": address}
        kind = "application/timestamp-query"
        return app.test_client().post("/ca/school/tsa", data=body, content_type=kind, environ_overrides=where)

    # What gets no stamp is not counted; an IPv6 network is a /64.
    assert TimeStampResponse.from_der(ask("2001:db8::1", b"0").data).failures == {FailureInfo.BAD_DATA_FORMAT}
    assert [ask(f"2001:db8::{number}").status_code for number in range(1, 4)] == [200, 200, 429]
    refused = ask("2001:db8::9")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert ask("2001:db8:0:1::1").status_code == 200
    clock.forward(seconds=61)
    assert ask("2001:db8::1").status_code == 200
    with here.deployment.reading() as session:
        assert timestamps.count(session, authorities.by_name(session, "school")) == 4
