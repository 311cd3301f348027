"""An authority without a network: its certificates name addresses that another installation serves, and its lists are carried."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from idp.app import create_app
from idp.certification import authorities, ceremony, issuance
from idp.certification.ceremony import Ceremony
from idp.certification.errors import AuthorityExists, CertificateNotAcceptable, ListNotAcceptable, TwoOperatorsNeeded
from idp.certification.office import office_of
from idp.certification.status import hosting, lists, revocation
from idp.certification.subjects import Holder
from idp.certification.tables import HostedAuthority
from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.crl import RevocationList, list_extensions, sign_revocation_list
from idp.crypto.x509.extensions import AuthorityInfoAccess, CRLDistributionPoints, Extensions, IssuingDistributionPoint
from idp.crypto.x509.extensions.identifiers import key_identifier
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import CertificateRequest
from idp.deployment import Deployment, open_deployment
from idp.settings import Settings
from tests.at_once import at_once, refused, succeeded
from tests.certificates_of_schools import Authorities
from tests.clocks import SettableClock
from tests.people import OPERATOR

TWO = Ceremony(("张三", "李四"))


@dataclass(frozen=True)
class Elsewhere:
    """The machine without a network, with a root and a province that the root has certified."""

    deployment: Deployment
    province: Certificate

    def chain(self) -> list[Certificate]:
        with self.deployment.reading() as session:
            return authorities.chain_of(authorities.by_name(session, "national"))

    def pem(self) -> str:
        return "".join(one.to_pem() for one in self.chain())

    def publish(self) -> list[RevocationList]:
        """Its lists: of all certificates, and of the first part."""
        office = office_of(self.deployment.settings, self.deployment.ring.vault)
        with self.deployment.transaction(OPERATOR) as tx:
            root = authorities.by_name(tx.session, "national")
            lists.publish(tx, office, root)
            return [RevocationList(row.der) for row in lists.all_newest(tx.session, root)]

    def signed(self, like: RevocationList, extensions: Extensions) -> RevocationList:
        """A list of the root's with other extensions."""
        office, chain = office_of(self.deployment.settings, self.deployment.ring.vault), self.chain()
        with self.deployment.reading() as session:
            signer = office.signer(authorities.by_name(session, "national"))
        return RevocationList(sign_revocation_list(replace(like.contents, extensions=extensions), signer, chain[0]))


@pytest.fixture
def elsewhere(sqlite_template: Path, tmp_path: Path, clock: SettableClock) -> Iterator[Elsewhere]:
    shutil.copytree(sqlite_template, tmp_path / "offline")
    deployment = open_deployment(Settings(home=tmp_path / "offline", ca_url="http://ca.example.edu.cn"), clock)
    office = office_of(deployment.settings, deployment.ring.vault)
    with deployment.transaction(OPERATOR) as tx:
        root = ceremony.found_root(tx, office, "national", Holder("教育部", "教育部离线根"), offline=True)
        waiting = ceremony.request(tx, office, "zhejiang", Holder("浙江省教育厅", "浙江省教育厅"))
        signed = ceremony.sign(tx, office, root, CertificateRequest.from_pem(waiting.request), TWO)
    yield Elsewhere(deployment, Certificate(signed.der))
    deployment.close()


def host(here: Authorities, elsewhere: Elsewhere, name: str = "national") -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        hosting.host(tx, name, elsewhere.pem(), TWO)


def take(here: Authorities, given: RevocationList) -> int:
    with here.deployment.transaction(OPERATOR) as tx:
        return hosting.take(tx, given).number


def test_what_it_certifies_names_lists_and_no_answers_and_the_lists_last_for_half_a_year(elsewhere: Elsewhere) -> None:
    access = elsewhere.province.extensions.get(AuthorityInfoAccess)
    assert access is not None
    assert [method for method, _ in access.descriptions] == [oids.ACCESS_CA_ISSUERS]
    for given in elsewhere.publish():
        assert given.contents.next_update - given.contents.this_update == lists.VALID_OFFLINE
    with elsewhere.deployment.reading() as session:
        assert authorities.by_name(session, "national").responder_certificate is None


def test_the_addresses_in_its_certificates_answer_where_it_is_hosted(here: Authorities, elsewhere: Elsewhere) -> None:
    with elsewhere.deployment.transaction(OPERATOR) as tx:
        row = issuance.by_serial(tx.session, f"{elsewhere.province.serial_number:x}")
        revocation.revoke(tx, row, Reason.KEY_COMPROMISE)
    host(here, elsewhere)
    for given in elsewhere.publish():
        take(here, given)
    client = create_app(here.deployment).test_client()
    access = elsewhere.province.extensions.get(AuthorityInfoAccess)
    points = elsewhere.province.extensions.get(CRLDistributionPoints)
    assert access is not None
    assert points is not None
    issuer = client.get(urlsplit(str(access.descriptions[0][1].value)).path)
    assert issuer.data == elsewhere.chain()[0].der
    for address in [name.value for name in points.names()] + ["/ca/national.crl"]:
        answer = client.get(urlsplit(str(address)).path)
        assert answer.content_type == "application/pkix-crl"
        served = RevocationList(answer.data)
        served.check_signed_by(elsewhere.chain()[0])
        assert served.entry(elsewhere.province.serial_number) is not None
    page = client.get("/ca/").get_data(as_text=True)
    assert "教育部离线根" in page
    assert elsewhere.chain()[0].fingerprint.hex() in page
    assert client.get("/ca/national-7.crl").status_code == 404


def test_a_list_that_was_carried_twice_changes_nothing_and_an_older_one_is_refused(here: Authorities, elsewhere: Elsewhere) -> None:
    host(here, elsewhere)
    first, second = elsewhere.publish()[0], elsewhere.publish()[0]
    assert take(here, second) == take(here, second) == second.contents.number > first.contents.number
    with pytest.raises(ListNotAcceptable, match="newer"):
        take(here, first)
    with here.deployment.reading() as session:
        assert hosting.newest(session, "national").der == second.der


def test_what_nobody_here_signed_is_out_of_date_or_lies_elsewhere_is_refused(
    here: Authorities, elsewhere: Elsewhere, clock: SettableClock
) -> None:
    whole, part = elsewhere.publish()
    with pytest.raises(ListNotAcceptable, match="signed"):
        take(here, whole)
    host(here, elsewhere)
    identifier = key_identifier(elsewhere.chain()[0].public_key)
    for address in ("http://ca.example.edu.cn/ca/other-0.crl", "http://ca.example.edu.cn/lists/national-0.crl"):
        lost = list_extensions(part.contents.number, identifier, IssuingDistributionPoint((GeneralName.uri(address),)))
        with pytest.raises(ListNotAcceptable, match="address"):
            take(here, elsewhere.signed(part, lost))
    with pytest.raises(ListNotAcceptable, match="large"):
        take(here, elsewhere.signed(whole, list_extensions(1 << 63, identifier)))
    clock.forward(days=180, seconds=1)
    with pytest.raises(ListNotAcceptable, match="out of date"):
        take(here, whole)


def test_a_name_belongs_to_one_authority(here: Authorities, elsewhere: Elsewhere) -> None:
    with pytest.raises(AuthorityExists):
        host(here, elsewhere, "ministry")
    host(here, elsewhere)
    host(here, elsewhere)
    with here.deployment.transaction(OPERATOR) as tx, pytest.raises(AuthorityExists):
        ceremony.found_root(tx, here.office, "national", Holder("教育部", "教育部"))
    other = "".join(one.to_pem() for one in here.chain("ministry"))
    with here.deployment.transaction(OPERATOR) as tx, pytest.raises(AuthorityExists):
        hosting.host(tx, "national", other, TWO)


def test_it_takes_two_operators_and_a_whole_chain(here: Authorities, elsewhere: Elsewhere, clock: SettableClock) -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        with pytest.raises(TwoOperatorsNeeded):
            hosting.host(tx, "national", elsewhere.pem(), Ceremony(("张三", "张三")))
        for chain in ([elsewhere.province], [elsewhere.province, *here.chain("ministry")]):
            with pytest.raises(CertificateNotAcceptable):
                hosting.host(tx, "national", "".join(one.to_pem() for one in chain), TWO)
    clock.forward(days=3653)
    with here.deployment.transaction(OPERATOR) as tx, pytest.raises(CertificateNotAcceptable):
        hosting.host(tx, "national", elsewhere.pem(), TWO)
    with here.deployment.reading() as session:
        assert hosting.listed(session) == []


def test_of_twenty_lists_at_once_the_newest_stays(schools: Authorities, elsewhere: Elsewhere) -> None:
    host(schools, elsewhere)
    given = [elsewhere.publish()[0] for _ in range(20)]
    outcomes = at_once(lambda number: take(schools, given[number]))
    assert max(succeeded(outcomes)) == given[-1].contents.number
    assert refused(outcomes) <= {ListNotAcceptable}
    with schools.deployment.reading() as session:
        assert session.get(HostedAuthority, "national") is not None
        assert hosting.newest(session, "national").der == given[-1].der
