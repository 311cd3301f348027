"""Founding authorities: below one another, by files, and never half."""

from pathlib import Path

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.certification import authorities, ceremony, issuance, profiles, subjects
from idp.certification.ceremony import Ceremony
from idp.certification.errors import (
    AuthorityComplete,
    AuthorityExists,
    AuthorityWaits,
    CertificateNotAcceptable,
    CertificationError,
    HolderNotFitting,
    InvalidAuthorityName,
    InvalidProfile,
    NoSuchProfile,
    TwoOperatorsNeeded,
)
from idp.certification.issuance import Application
from idp.certification.subjects import Holder
from idp.crypto.errors import CryptoError
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import RequestRefused
from idp.crypto.x509.request import CertificateRequest
from tests.at_once import at_once, refused, succeeded
from tests.certificates_of_schools import Authorities, csr
from tests.people import OPERATOR

TWO = Ceremony(("张三", "李四"))
CITY = Holder("市教育局", "市教育局证书认证")


def asked(here: Authorities, name: str = "city") -> CertificateRequest:
    with here.deployment.transaction(OPERATOR) as tx:
        return CertificateRequest.from_pem(ceremony.request(tx, here.office, name, CITY).request)


def signed(here: Authorities, request: CertificateRequest, by: Ceremony = TWO, parent: str = "province") -> list[Certificate]:
    with here.deployment.transaction(OPERATOR) as tx:
        above = authorities.by_name(tx.session, parent)
        row = ceremony.sign(tx, here.office, above, request, by)
        return [Certificate(row.der), *authorities.chain_of(above)]


def accept(here: Authorities, chain: list[Certificate], by: Ceremony = TWO, name: str = "city") -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        ceremony.accept(tx, here.office, name, "".join(one.to_pem() for one in chain), by)


def test_a_request_is_signed_and_accepted_by_two_on_each_side(here: Authorities) -> None:
    chain = signed(here, asked(here))
    accept(here, chain)
    assert here.chain("city") == chain
    with here.deployment.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action.like("certification.authority.%ed"))).all()
    assert [event.detail["operators"] for event in events if "operators" in event.detail] == [["张三", "李四"]] * 2


@pytest.mark.parametrize("names", [(), ("张三",), ("张三", "张三"), ("张三", "  张三 "), ("张三", ""), ("Li", "LI")])
def test_one_person_is_no_ceremony(here: Authorities, names: tuple[str, ...]) -> None:
    with pytest.raises(TwoOperatorsNeeded):
        signed(here, csr(), Ceremony(names))
    with pytest.raises(TwoOperatorsNeeded):
        accept(here, here.chain(), Ceremony(names))


def test_what_does_not_belong_to_the_request_is_not_accepted(here: Authorities) -> None:
    chain = signed(here, asked(here))
    broken = bytearray(chain[0].der)
    broken[-1] ^= 1
    for wrong in (
        here.chain("school"),  # another key
        chain[:1],
        chain[:2],  # no root
        [chain[0], chain[2]],  # a link is missing
        [chain[0], *here.chain("school")[1:2], chain[0]],
        [Certificate(bytes(broken)), *chain[1:]],
    ):
        with pytest.raises(CertificateNotAcceptable):
            accept(here, wrong)
    with pytest.raises(CryptoError):
        accept(here, [])
    accept(here, chain)
    with pytest.raises(AuthorityComplete):
        accept(here, chain)


def test_an_authority_that_waits_can_do_nothing(here: Authorities) -> None:
    asked(here)
    with pytest.raises(AuthorityWaits):
        here.issue(authority="city")


def test_a_request_is_signed_once_and_not_by_a_school(here: Authorities) -> None:
    request = asked(here)
    with pytest.raises(RequestRefused, match="issuer_may_not_certify"):
        signed(here, request, parent="school")
    signed(here, request)
    with pytest.raises(RequestRefused, match="key_known"):
        signed(here, request)


@pytest.mark.parametrize("name", ["", "Ministry", "a b", "-a", "a-", "a/../b", "部", "a" * 41, "school-1"])
def test_a_name_can_stand_in_an_address(here: Authorities, name: str) -> None:
    with pytest.raises(InvalidAuthorityName):
        asked(here, name)


def test_a_name_is_given_once_whoever_asks_at_once(schools: Authorities) -> None:
    results = at_once(lambda _: asked(schools))
    assert len(succeeded(results)) == 1
    assert refused(results) == {AuthorityExists}


def test_only_a_root_may_be_valid_for_more_than_ten_years(here: Authorities) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        row = ceremony.found_root(tx, here.office, "old", Holder("教育部", "长期根"), days=7300)
        lasting = authorities.certificate_of(row).tbs
        assert (lasting.not_after - lasting.not_before).days == 7300
        below = ceremony.found_below(tx, here.office, row, "young", CITY)
        assert (authorities.certificate_of(below).tbs.not_after - tx.now).days <= 1825


GOOD = """
title = { en = "A robot", zh_Hans = "机器人" }
subject = ["C=CN", "O={organisation}", "CN={common_name}"]
holder = "institution"
validity = { days = 10 }
key_usage = { bits = ["digitalSignature"] }
"""


def test_profiles_of_ones_own_come_beside_ours(here: Authorities, tmp_path: Path) -> None:
    (tmp_path / "robot.toml").write_text(GOOD)
    (tmp_path / "notes.txt").write_text("not a profile")
    found = profiles.load(tmp_path)
    assert {"robot", "root", "sub-ca"} <= set(found.names())
    with here.deployment.transaction(OPERATOR) as tx:
        holder = subjects.institution_itself(tx.session, here.school, "小机器人")
        row = issuance.issue(tx, here.office, authorities.by_name(tx.session, "school"), Application(found["robot"], holder, csr()))
    assert (row.not_after - row.issued_at).days == 10
    with pytest.raises(NoSuchProfile):
        found["nothing"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("validity = { days = 10 }", "validity = { days = 0 }"),
        ("validity = { days = 10 }", "validity = { days = 10, hours = 3 }"),
        ('holder = "institution"', 'holder = "anybody"'),
        ('"digitalSignature"', '"everything"'),
        ('["digitalSignature"]', "[]"),
        ('"digitalSignature"', '"digitalSignature", "keyEncipherment"'),
        ('"digitalSignature"', '"keyCertSign"'),
        ('"C=CN"', '"X=CN"'),
        ('"C=CN"', '"CN"'),
        ("holder", "owner"),
        ("title", "title ="),
    ],
)
def test_a_profile_that_contradicts_itself_stops_at_once(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "robot.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(InvalidProfile):
        profiles.load(tmp_path)


def test_a_place_that_does_not_exist_is_told(here: Authorities, tmp_path: Path) -> None:
    (tmp_path / "robot.toml").write_text(GOOD.replace("{common_name}", "{telephone}"))
    with pytest.raises(HolderNotFitting):
        subjects.subject(profiles.load(tmp_path)["robot"], CITY)


def test_every_field_of_our_profiles_stands_under_its_clause() -> None:
    for file in (Path(profiles.__file__).parents[2] / "certs" / "profiles").glob("*.toml"):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith(("[", "subject", "credit_code", "ocsp_no_check", "policy")):
                assert any(source in line for source in ("RFC ", "GB/T ", "GM/T ")), (file.name, line)


def test_the_errors_of_the_room_have_codes_of_their_own() -> None:
    codes = [kind.code for kind in CertificationError.__subclasses__()]
    assert len(set(codes)) == len(codes)
