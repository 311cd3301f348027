"""The keys of the service: one certificate each, new ones in time, and the journal whole whoever else is about."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from idp.app import create_app
from idp.apps import register
from idp.apps.register import Particulars
from idp.audit.tables import AuditEvent
from idp.certification import authorities, renewals
from idp.certification.errors import AlreadyRevoked, HolderNotFitting, NotOnHold
from idp.certification.issuance import by_serial
from idp.certification.status import revocation
from idp.crypto.errors import DecryptionFailed
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.enveloped_data import EnvelopedData
from idp.crypto.x509.cms.errors import NotForThisKey
from idp.crypto.x509.cms.signed_data import SignedData
from idp.crypto.x509.cms.signing import sign
from idp.crypto.x509.cms.syntax import NATIONAL
from idp.crypto.x509.errors import Expired, RevocationUnknown, Revoked, UnknownIssuer
from idp.crypto.x509.reasons import Reason
from idp.deployment import Deployment, open_deployment
from idp.registry import institution_lifecycle
from idp.settings import Settings
from idp.signing import envelopes, keys, permissions, signing, trust, upkeep
from idp.signing.errors import (
    InvalidKeyName,
    KeyNotUsable,
    NoSuchSigningKey,
    NotPermitted,
    RootsNotReadable,
    SigningKeyExists,
    WrongUse,
)
from idp.signing.keys import Use
from idp.signing.permissions import Operation
from idp.signing.signing import Wanted
from idp.signing.tables import SigningKeyVersion
from idp.signing.verification import Judge
from tests.at_once import at_once, refused, succeeded
from tests.certificates_of_schools import Authorities, found_authorities
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.unit.crypto.x509.hierarchy import NOW, Hierarchy
from tests.unit.crypto.x509.revocations import revocation_list

DOCUMENT = Document.of("成绩单".encode())


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: SettableClock) -> Iterator[Authorities]:
    """A school with the keys ``seal`` and ``letters``, on SQLite: rules that no database can change."""
    shutil.copytree(sqlite_template, tmp_path / "yima")
    deployment = open_deployment(Settings(home=tmp_path / "yima"), clock)
    schools = found_authorities(deployment)
    _add(schools, "seal", Use.SIGN)
    _add(schools, "letters", Use.ENCRYPT)
    yield schools
    deployment.close()


def _add(schools: Authorities, name: str, use: Use, authority: str = "school") -> None:
    with schools.deployment.transaction(OPERATOR) as tx:
        keys.add(tx, schools.office, name, authorities.by_name(tx.session, authority), use)


def _rotate(schools: Authorities, name: str) -> None:
    with schools.deployment.transaction(OPERATOR) as tx:
        keys.rotate(tx, schools.office, keys.by_name(tx.session, name))


def _sign(schools: Authorities, name: str = "seal") -> bytes:
    with schools.deployment.transaction(OPERATOR) as tx:
        return signing.sign(tx, schools.office, keys.by_name(tx.session, name), Wanted(DOCUMENT, attached=True)).signature


def _judge(schools: Authorities, message: bytes) -> type[Exception] | None:
    with schools.deployment.reading() as session:
        judge = Judge(session, trust.of(session), schools.deployment.clock.now())
        verdict = judge.message(SignedData.from_der(message), None)[0]
        return type(verdict.refusal) if verdict.refusal is not None else None


def test_a_key_has_a_name_of_its_own_and_one_use(here: Authorities) -> None:
    with pytest.raises(SigningKeyExists):
        _add(here, "seal", Use.ENCRYPT)
    for wrong in ("", "Seal", "印章", "-seal", "seal-", "a" * 41, "a b"):
        with pytest.raises(InvalidKeyName):
            _add(here, wrong, Use.SIGN)
    with here.deployment.reading() as session, pytest.raises(NoSuchSigningKey):
        keys.by_name(session, "nothing")
    with pytest.raises(WrongUse):
        _sign(here, "letters")
    with here.deployment.transaction(OPERATOR) as tx, pytest.raises(WrongUse):
        envelopes.recipient(tx, keys.by_name(tx.session, "seal"))


def test_of_twenty_at_once_one_key_gets_the_name(deployment: Deployment) -> None:
    schools = found_authorities(deployment)
    results = at_once(lambda _: _add(schools, "seal", Use.SIGN))
    assert (len(succeeded(results)), refused(results)) == (1, {SigningKeyExists})


def test_of_rotations_at_once_each_has_a_number_of_its_own(deployment: Deployment) -> None:
    schools = found_authorities(deployment)
    _add(schools, "seal", Use.SIGN)
    assert len(succeeded(at_once(lambda _: _rotate(schools, "seal"), 6))) == 6
    with deployment.reading() as session:
        assert sorted(session.scalars(select(SigningKeyVersion.number))) == list(range(1, 8))


def test_a_ministry_that_is_in_no_register_seals_by_its_own_name(here: Authorities) -> None:
    _add(here, "ministry-seal", Use.SIGN, "ministry")
    message = SignedData.from_der(_sign(here, "ministry-seal"))
    assert "教育部" in str(message.certificates[0].subject)


def test_a_closed_school_neither_seals_nor_gets_a_key(here: Authorities) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        institution_lifecycle.close(tx, here.school, reason="合并")
    with pytest.raises(HolderNotFitting):
        _add(here, "another", Use.SIGN)
    with pytest.raises(HolderNotFitting):
        _rotate(here, "seal")


def test_what_was_encrypted_to_an_old_pair_is_opened_after_a_rotation(here: Authorities) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        letters = keys.by_name(tx.session, "letters")
        sealed = envelopes.seal(tx, b"x", [envelopes.recipient(tx, letters)], NATIONAL)
    _rotate(here, "letters")

    def opened() -> bytes:
        with here.deployment.transaction(OPERATOR) as tx:
            return envelopes.open_(tx, here.office, keys.by_name(tx.session, "letters"), EnvelopedData.from_der(sealed))

    assert opened() == b"x"
    for act, again in ((keys.hold, keys.release), (keys.retire, None)):
        with here.deployment.transaction(OPERATOR) as tx:
            act(tx, keys.by_name(tx.session, "letters"))
        with pytest.raises(KeyNotUsable):
            opened()
        if again is not None:
            with here.deployment.transaction(OPERATOR) as tx:
                again(tx, keys.by_name(tx.session, "letters"))
            assert opened() == b"x"


def test_an_envelope_to_another_key_is_not_opened(here: Authorities) -> None:
    _add(here, "more-letters", Use.ENCRYPT)
    with here.deployment.transaction(OPERATOR) as tx:
        sealed = envelopes.seal(tx, b"x", [envelopes.recipient(tx, keys.by_name(tx.session, "letters"))], NATIONAL)
        with pytest.raises(NotForThisKey):
            envelopes.open_(tx, here.office, keys.by_name(tx.session, "more-letters"), EnvelopedData.from_der(sealed))


def test_a_sealed_pair_belongs_to_its_key_and_number(here: Authorities) -> None:
    """Somebody who can write the table cannot have one key's pair used under another's name."""
    _add(here, "other", Use.SIGN)
    with here.deployment.transaction(OPERATOR) as tx:
        seal, other = (keys.by_name(tx.session, name) for name in ("seal", "other"))
        with pytest.raises(DecryptionFailed):
            keys.signer(here.office, other, keys.current(tx.session, seal))


def test_a_key_ends_once(here: Authorities) -> None:
    def act(what: object, *more: object) -> None:
        with here.deployment.transaction(OPERATOR) as tx:
            what(tx, keys.by_name(tx.session, "seal"), *more)  # type: ignore[operator]

    with pytest.raises(NotOnHold):
        act(keys.release)
    act(keys.revoke, Reason.SUPERSEDED)
    with pytest.raises(AlreadyRevoked):
        act(keys.hold)
    act(keys.retire)
    with pytest.raises(KeyNotUsable):
        act(keys.retire)
    with pytest.raises(KeyNotUsable):
        _rotate(here, "seal")


def test_upkeep_renews_in_time_and_what_somebody_stopped_stays_stopped(here: Authorities, clock: SettableClock) -> None:
    assert upkeep.renew_due(here.deployment, here.office) == 0
    with here.deployment.reading() as session:
        row = keys.certificate_row(session, keys.current(session, keys.by_name(session, "seal")))
    clock.moment = row.not_after - timedelta(days=40)
    with here.deployment.transaction(OPERATOR) as tx:
        keys.hold(tx, keys.by_name(tx.session, "letters"))
    assert upkeep.renew_due(here.deployment, here.office) == 1
    assert upkeep.renew_due(here.deployment, here.office) == 0
    with here.deployment.reading() as session:
        assert keys.current(session, keys.by_name(session, "seal")).number == 2
        assert keys.current(session, keys.by_name(session, "letters")).number == 1
        # Who was renewed is not spoken of.
        ending = session.scalars(renewals.expiring(clock.now(), 45)).all()
        assert [one.profile for one in ending] == []


def test_upkeep_at_once_renews_once(deployment: Deployment, clock: SettableClock) -> None:
    schools = found_authorities(deployment)
    _add(schools, "seal", Use.SIGN)
    clock.forward(days=1095 - 40)
    done = succeeded(at_once(lambda _: upkeep.renew_due(deployment, schools.office), 6))
    assert sum(done) == 1
    with deployment.reading() as session:
        assert session.scalar(select(func.count()).select_from(SigningKeyVersion)) == 2


def test_a_verdict_follows_the_state_of_the_certificate(here: Authorities, clock: SettableClock) -> None:
    message = _sign(here)
    assert _judge(here, message) is None
    clock.forward(hours=1)
    with here.deployment.transaction(OPERATOR) as tx:
        keys.hold(tx, keys.by_name(tx.session, "seal"))
    assert _judge(here, message) is Revoked
    with here.deployment.transaction(OPERATOR) as tx:
        keys.release(tx, keys.by_name(tx.session, "seal"))
    assert _judge(here, message) is None
    with here.deployment.transaction(OPERATOR) as tx:
        school = authorities.certificate_of(authorities.by_name(tx.session, "school"))
        revocation.revoke(tx, by_serial(tx.session, f"{school.serial_number:x}"), Reason.CESSATION_OF_OPERATION)
    assert _judge(here, message) is Revoked
    clock.forward(days=4000)
    assert _judge(here, message) is Expired


def test_roots_of_others_are_believed_where_the_operator_says_so(here: Authorities, tmp_path: Path) -> None:
    others = Hierarchy()
    leaf = others.leaf
    message = SignedData.from_der(sign(DOCUMENT, leaf.signer, leaf.certificate, at=NOW, attached=True, along=others.chain))
    (tmp_path / "roots.pem").write_text(others.root.certificate.to_pem())
    lists = [revocation_list(one) for one in (others.school, others.province, others.root)]
    with here.deployment.reading() as session:
        believed = trust.of(session, trust.read_roots(tmp_path / "roots.pem"))
        refusals = [
            Judge(session, one, NOW, lists=given).message(message, None)[0].refusal
            for one, given in ((trust.of(session), lists), (believed, ()), (believed, lists))
        ]
    assert [type(one) for one in refusals] == [UnknownIssuer, RevocationUnknown, type(None)]


@pytest.mark.parametrize(
    "content", [None, b"", b"roots", b"\xff", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"]
)
def test_a_file_of_roots_that_is_none_stops_the_start(here: Authorities, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "roots.pem"
    if content is not None:
        file.write_bytes(content)
    settings = here.deployment.settings.model_copy(update={"signing_trust": file})
    with pytest.raises(RootsNotReadable):
        create_app(replace(here.deployment, settings=settings))


def test_a_permission_is_replaced_and_taken_back_once(here: Authorities) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        app = register.add(tx, Particulars("学籍", here.school, "it@example.edu.cn", "签章", {"openid"})).id
        seal = keys.by_name(tx.session, "seal")
        for operations in ([Operation.SIGN, Operation.VERIFY], [Operation.VERIFY]):
            permissions.allow(tx, app, seal, operations, 5)
        found = permissions.find(tx.session, app, "seal")
        assert found is not None
        assert (found.operations, found.per_minute) == ({Operation.VERIFY}, 5)
        permissions.deny(tx, app, seal)
        with pytest.raises(NotPermitted):
            permissions.deny(tx, app, seal)
        for wrong in (0, permissions.MAX_PER_MINUTE + 1):
            with pytest.raises(ValueError, match=str(wrong)):
                permissions.allow(tx, app, seal, [Operation.SIGN], wrong)


def test_signing_is_undone_with_its_transaction(here: Authorities) -> None:
    """A signature leaves only after the record of it is kept."""
    with pytest.raises(RuntimeError), here.deployment.transaction(OPERATOR) as tx:
        signing.sign(tx, here.office, keys.by_name(tx.session, "seal"), Wanted(DOCUMENT))
        raise RuntimeError
    with here.deployment.reading() as session:
        assert not session.scalars(select(AuditEvent).where(AuditEvent.action == "signing.document.signed")).all()
