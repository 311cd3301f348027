"""Revocation: once, with its reason, told by lists and answers at once, and following the registry."""

import base64
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from idp.certification import authorities, upkeep
from idp.certification.errors import AlreadyRevoked, NotOnHold, PublicationOvertaken, ReasonNotAllowed
from idp.certification.status import following, lists, responder, responder_keys, revocation
from idp.certification.status.responder import Reply, Responders
from idp.certification.tables import CertificateAuthority, IssuedCertificate
from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationList
from idp.crypto.x509.errors import Revoked
from idp.crypto.x509.ocsp import CertID, OCSPRequest, OCSPResponse, ResponseStatus, SingleResponse
from idp.crypto.x509.ocsp.verify import check_response
from idp.crypto.x509.path import PathRules, validate_path
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.revocation import RevocationEvidence
from idp.registry import institution_lifecycle
from idp.registry.persons import PersonStatus
from idp.registry.tables import Person
from tests.at_once import at_once, refused, succeeded
from tests.certificates_of_schools import Authorities
from tests.clocks import SettableClock
from tests.people import OPERATOR


def revoke(
    here: Authorities, row: IssuedCertificate, reason: Reason = Reason.KEY_COMPROMISE, since: datetime | None = None
) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        revocation.revoke(tx, row, reason, invalid_since=since)


def hold(here: Authorities, row: IssuedCertificate) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        revocation.hold(tx, row)


def release(here: Authorities, row: IssuedCertificate) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        revocation.release(tx, row)


def publish(here: Authorities, name: str = "school", shard: int = lists.ALL) -> RevocationList:
    with here.deployment.transaction(OPERATOR) as tx:
        row = authorities.by_name(tx.session, name)
        lists.publish(tx, here.office, row)
        return RevocationList(lists.newest(tx.session, row, shard).der)


def ask(here: Authorities, row: IssuedCertificate, *, nonce: bytes | None = None, algorithm: str = oids.SM3) -> SingleResponse:
    """What the responder says, believed."""
    certificate, issuer = Certificate(row.der), here.chain()[0]
    identifier = CertID.of(issuer.subject, issuer.public_key, certificate.serial_number, algorithm)
    said = answer(here, OCSPRequest((identifier,), nonce).encode())
    return check_response(OCSPResponse.from_der(said.der), certificate, issuer, here.deployment.clock.now(), nonce=nonce)


def answer(here: Authorities, question: bytes) -> Reply:
    with here.deployment.reading() as session:
        found = responder.reply(session, Responders(session, here.office), question, here.deployment.clock.now())
    if isinstance(found, Reply):
        return found
    with here.deployment.transaction(OPERATOR) as tx:
        return responder.sign_in_advance(tx, found)


def test_a_revoked_certificate_is_refused_by_list_and_by_answer(here: Authorities) -> None:
    row = here.issue()
    assert ask(here, row).state.revoked_at is None
    revoke(here, row, since=here.deployment.clock.now() - timedelta(days=2))
    assert ask(here, row).state.reason is Reason.KEY_COMPROMISE
    whole, shard = publish(here), publish(here, shard=0)
    entry = whole.entry(int(row.serial, 16))
    assert entry is not None
    assert entry.invalid_since == here.deployment.clock.now() - timedelta(days=2)
    *above, root = here.chain()
    others = [publish(here, name) for name in ("province", "ministry")]
    rules = PathRules(at=here.deployment.clock.now(), revocation=RevocationEvidence([shard, *others]))
    with pytest.raises(Revoked):
        validate_path([Certificate(row.der), *above], root, rules)
    validate_path([Certificate(here.issue().der), *above], root, rules)


def test_a_revocation_is_final(here: Authorities) -> None:
    row = here.issue()
    revoke(here, row)
    for act in (revoke, hold):
        with pytest.raises(AlreadyRevoked):
            act(here, row)
    with pytest.raises(NotOnHold):
        release(here, row)


def test_a_hold_ends_in_a_release_or_in_a_revocation(here: Authorities) -> None:
    row = here.issue()
    with pytest.raises(NotOnHold):
        release(here, row)
    hold(here, row)
    assert ask(here, row).state.reason is Reason.CERTIFICATE_HOLD
    release(here, row)
    assert ask(here, row).state.revoked_at is None
    assert publish(here).entry(int(row.serial, 16)) is None
    hold(here, row)
    revoke(here, row, Reason.CESSATION_OF_OPERATION)
    assert ask(here, row).state.reason is Reason.CESSATION_OF_OPERATION


@pytest.mark.parametrize("reason", [Reason.CERTIFICATE_HOLD, Reason.REMOVE_FROM_CRL, Reason.AA_COMPROMISE])
def test_some_reasons_are_not_an_operators(here: Authorities, reason: Reason) -> None:
    with pytest.raises(ReasonNotAllowed):
        revoke(here, here.issue(), reason)


def test_a_key_cannot_be_lost_in_the_future(here: Authorities) -> None:
    with pytest.raises(ReasonNotAllowed):
        revoke(here, here.issue(), since=here.deployment.clock.now() + timedelta(seconds=1))


def test_of_twenty_who_revoke_at_once_one_does(schools: Authorities) -> None:
    row = schools.issue()
    results = at_once(lambda _: revoke(schools, row))
    assert len(succeeded(results)) == 1
    assert refused(results) == {AlreadyRevoked}


def test_of_twenty_who_end_a_hold_at_once_one_does(schools: Authorities) -> None:
    row = schools.issue()
    hold(schools, row)
    results = at_once(lambda number: (revoke if number % 2 else release)(schools, row))
    # A release that is first leaves a certificate that is good, which may then be revoked once.
    assert 1 <= len(succeeded(results)) <= 2
    assert refused(results) <= {AlreadyRevoked, NotOnHold}


def test_numbers_of_lists_only_grow_whatever_is_done_at_once(schools: Authorities) -> None:
    results = at_once(lambda _: publish(schools).contents.number)
    numbers = succeeded(results)
    assert len(set(numbers)) == len(numbers) >= 1
    assert refused(results) <= {PublicationOvertaken}
    assert publish(schools).contents.number > max(numbers)


def test_a_database_that_was_put_back_does_not_take_the_number_back(here: Authorities, clock: SettableClock) -> None:
    before = publish(here).contents.number
    clock.forward(days=1)
    with here.deployment.transaction(OPERATOR) as tx:
        tx.session.execute(update(CertificateAuthority).values(crl_number=0))
    assert publish(here).contents.number > before


def test_an_entry_stays_until_a_list_after_its_end(here: Authorities, clock: SettableClock) -> None:
    row = here.issue()
    revoke(here, row)
    clock.moment = row.not_after + timedelta(hours=1)
    assert publish(here).entry(int(row.serial, 16)) is not None
    clock.forward(days=3)
    assert publish(here).entry(int(row.serial, 16)) is None


def test_lists_fall_due_by_time_and_by_revocation(here: Authorities, clock: SettableClock) -> None:
    upkeep.run_due(here.deployment, here.office)
    first = lists_number(here)
    upkeep.run_due(here.deployment, here.office)
    assert lists_number(here) == first
    clock.forward(hours=25)
    upkeep.run_due(here.deployment, here.office)
    second = lists_number(here)
    row = here.issue()
    revoke(here, row)
    clock.forward(seconds=5)
    upkeep.run_due(here.deployment, here.office)
    assert first < second < lists_number(here)


def lists_number(here: Authorities) -> int:
    with here.deployment.reading() as session:
        return lists.newest(session, authorities.by_name(session, "school")).number


def test_a_person_who_is_disabled_has_no_good_certificate_until_that_ends(here: Authorities) -> None:
    row, revoked = here.issue(), here.issue()
    revoke(here, revoked)
    by_hand = here.issue()
    hold(here, by_hand)
    for status, reasons in ((PersonStatus.DISABLED, [6, 1, 6]), (PersonStatus.ACTIVE, [None, 1, 6])):
        with here.deployment.transaction(OPERATOR) as tx:
            tx.session.execute(update(Person).where(Person.number == here.teacher.number).values(status=status))
            following.follow(tx)
            assert following.follow(tx) == 0
        with here.deployment.reading() as session:
            rows = [revocation.current(session, one) for one in (row, revoked, by_hand)]
        assert [one.reason if one is not None else None for one in rows] == reasons


def test_a_closed_school_takes_its_authority_with_it_until_it_is_restored(here: Authorities) -> None:
    row = here.issue()
    with here.deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.close(tx, here.school)
        assert following.follow(tx) == 2  # the teacher's and the authority's own
    assert upkeep.follow_registry(here.deployment) == 0
    assert ask(here, row).state.reason is Reason.CERTIFICATE_HOLD
    assert publish(here, "province").entry(here.chain()[0].serial_number) is not None
    with here.deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.restore(tx, here.school)
    assert upkeep.follow_registry(here.deployment) == 2
    assert ask(here, row).state.revoked_at is None


def test_an_operator_can_hold_everything_of_a_person_or_a_school(here: Authorities) -> None:
    rows = [here.issue(), here.issue()]
    with here.deployment.reading() as session:
        assert {row.id for row in revocation.of_person(session, here.teacher.id, here.deployment.clock.now())} == {
            row.id for row in rows
        }
        assert len(revocation.of_institution(session, here.school, here.deployment.clock.now())) == 3


@pytest.mark.parametrize("algorithm", [oids.SM3, oids.SHA256, oids.SHA1])
def test_an_answer_without_a_nonce_is_signed_once_and_one_with_it_each_time(here: Authorities, algorithm: str) -> None:
    row, issuer = here.issue(), here.chain()[0]
    identifier = CertID.of(issuer.subject, issuer.public_key, int(row.serial, 16), algorithm)
    plain, asking = OCSPRequest((identifier,)).encode(), OCSPRequest((identifier,), b"n" * 32).encode()
    assert answer(here, plain).der == answer(here, plain).der
    assert answer(here, plain).fresh_until is not None
    assert answer(here, asking).der != answer(here, asking).der
    assert answer(here, asking).fresh_until is None
    assert ask(here, row, nonce=b"n" * 32, algorithm=algorithm).state.known


def test_an_answer_that_was_signed_in_advance_ends_with_the_state_it_tells(here: Authorities, clock: SettableClock) -> None:
    row = here.issue()
    before = ask(here, row)
    clock.forward(hours=7)
    assert ask(here, row).this_update > before.this_update
    revoke(here, row)
    assert ask(here, row).state.revoked_at is not None


def test_no_answer_that_says_good_outlives_a_revocation(schools: Authorities) -> None:
    row = schools.issue()
    at_once(lambda number: revoke(schools, row) if number == 10 else ask(schools, row))
    assert ask(schools, row).state.revoked_at is not None


def test_a_number_that_was_never_issued_is_answered_as_revoked(here: Authorities) -> None:
    issuer = here.chain()[0]
    identifier = CertID.of(issuer.subject, issuer.public_key, 4711)
    found = OCSPResponse.from_der(answer(here, OCSPRequest((identifier,)).encode()).der).answer
    assert found is not None
    assert found.data.extended_revoke
    assert found.data.responses[0].state.reason is Reason.CERTIFICATE_HOLD


def test_of_whom_nothing_is_known_nothing_is_said(here: Authorities) -> None:
    stranger = CertID.of(here.chain()[0].subject, Certificate(here.issue().der).public_key, 4711)
    own = CertID.of(here.chain()[0].subject, here.chain()[0].public_key, 4711)
    for asked in ((stranger,), (own, stranger)):
        found = OCSPResponse.from_der(answer(here, OCSPRequest(asked).encode()).der)
        assert found.status is ResponseStatus.UNAUTHORIZED
    assert OCSPResponse.from_der(answer(here, b"0\x00").der).status is ResponseStatus.MALFORMED_REQUEST


def test_several_certificates_are_answered_at_once(here: Authorities) -> None:
    issuer, rows = here.chain()[0], [here.issue() for _ in range(3)]
    revoke(here, rows[1])
    asked = tuple(CertID.of(issuer.subject, issuer.public_key, int(row.serial, 16)) for row in rows)
    found = OCSPResponse.from_der(answer(here, OCSPRequest(asked).encode()).der).answer
    assert found is not None
    assert [single.state.revoked_at is None for single in found.data.responses] == [True, False, True]


def test_the_question_of_a_get_is_base64_in_the_path() -> None:
    assert responder.question_of_path(base64.b64encode(b"\xff\xfe?").decode()) == b"\xff\xfe?"
    assert responder.question_of_path("%2F%2B8%3D") == b"\xff\xef"
    for text in ("not base64!", "A", "%zz", "QQ==QQ=="):
        assert responder.question_of_path(text) is None


def test_the_responder_is_renewed_before_it_expires(here: Authorities, clock: SettableClock) -> None:
    row = here.issue()
    before = here.named("school").responder_certificate
    clock.forward(days=21)
    upkeep.run_due(here.deployment, here.office)
    renewed = here.named("school").responder_certificate
    assert renewed not in (before, None)
    assert ask(here, row).state.revoked_at is None
    with here.deployment.transaction(OPERATOR) as tx:
        assert not responder_keys.needs_renewal(authorities.by_name(tx.session, "school"), tx.now)


def test_a_responder_that_ends_with_its_authority_is_not_renewed_again_and_again(here: Authorities, clock: SettableClock) -> None:
    clock.forward(days=(here.chain()[0].tbs.not_after - clock.now()).days - 5)
    upkeep.run_due(here.deployment, here.office)
    before = here.named("school").responder_certificate
    assert before is not None
    assert Certificate(before).tbs.not_after == here.chain()[0].tbs.not_after
    clock.forward(days=1)
    upkeep.run_due(here.deployment, here.office)
    assert here.named("school").responder_certificate == before
