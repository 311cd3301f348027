"""Authorities whose keys live in a device: what they issue holds elsewhere, and what a device does wrong is never issued."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.x509 import load_der_x509_certificate, load_der_x509_crl
from OpenSSL import crypto as openssl4
from sqlalchemy import func, select

from idp.certification import authorities, ceremony, upkeep
from idp.certification.ceremony import Ceremony
from idp.certification.errors import AuthorityExists
from idp.certification.office import office_of
from idp.certification.status import lists
from idp.certification.subjects import Holder
from idp.certification.tables import CertificateAuthority, IssuedCertificate, PublishedList
from idp.crypto.devices.errors import DeviceAway, DeviceError, DeviceUntrusted, NoSuchDeviceKey
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.signer import SdfSigner
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.request import CertificateRequest
from idp.deployment import open_deployment
from idp.keys import adoption
from idp.keys.errors import DeviceKeyInUse
from idp.keys.tables import DeviceKey
from tests.at_once import at_once, refused, succeeded
from tests.certificates_of_schools import Authorities
from tests.people import OPERATOR
from tests.services.sdf_device import StubDevice

DISTID = "distid:1234567812345678"
MINISTRY, CITY = Holder("教育部", "教育部设备根"), Holder("市教育局", "市教育局证书认证")


@pytest.fixture
def there(here: Authorities, stub: StubDevice) -> Iterator[Authorities]:
    """Where a device is in the settings."""
    settings = here.deployment.settings.model_copy(update={"sdf_devices": stub.settings()})
    deployment = open_deployment(settings, here.deployment.clock)
    yield replace(here, deployment=deployment, office=office_of(settings, deployment.ring.authority_vault))
    deployment.close()


def root(there: Authorities, name: str = "device-root", index: int = 1) -> CertificateAuthority:
    with there.deployment.transaction(OPERATOR) as tx:
        row = ceremony.found_root(tx, there.office, name, MINISTRY, key=KeyReference("hsm", index))
        lists.publish(tx, there.office, row)
    return row


def below(there: Authorities, parent: str, name: str, index: int | None) -> None:
    key = KeyReference("hsm", index) if index is not None else None
    with there.deployment.transaction(OPERATOR) as tx:
        row = ceremony.found_below(tx, there.office, authorities.by_name(tx.session, parent), name, CITY, key=key)
        lists.publish(tx, there.office, row)


def test_what_it_issues_and_its_list_hold_with_openssl_3_and_4(there: Authorities, tmp_path: Path) -> None:
    root(there)
    below(there, "device-root", "city", 2)
    issued = Certificate(there.issue(authority="city").der)
    chain = [issued, *there.chain("city")]
    for one, above in pairwise([*chain, chain[-1]]):
        (tmp_path / "below").write_text(one.to_pem())
        (tmp_path / "above").write_text(above.to_pem())
        words = ["openssl", "verify", "-x509_strict", "-vfyopt", DISTID, "-partial_chain", "-trusted", "above", "below"]
        assert subprocess.run(words, cwd=tmp_path, check=True, capture_output=True).stdout.endswith(b"OK\n")
    theirs = [openssl4.X509.from_cryptography(load_der_x509_certificate(one.der)) for one in chain]
    store = openssl4.X509Store()
    store.add_cert(theirs[-1])
    with there.deployment.reading() as session:
        for row in session.scalars(select(PublishedList).where(PublishedList.shard == -1)):
            if session.get_one(CertificateAuthority, row.authority_id).name in ("device-root", "city"):
                store.add_crl(load_der_x509_crl(row.der))
    store.set_time(there.deployment.clock.now())
    flags = openssl4.X509StoreFlags
    store.set_flags(flags.X509_STRICT | flags.CRL_CHECK | flags.CRL_CHECK_ALL)
    openssl4.X509StoreContext(store, theirs[0], theirs[1:-1]).verify_certificate()


def test_the_key_is_the_devices_own_and_no_private_half_is_here(there: Authorities, stub: StubDevice) -> None:
    row = root(there, index=5)
    assert there.chain("device-root")[0].public_key == stub.device().public_key(5)
    sealed = there.office.vault.open(row.key_sealed, context="certificate_authority:device-root:key")
    assert '"d"' not in sealed
    assert isinstance(there.office.signer(row), SdfSigner)


def test_an_offline_ceremony_by_files_works_with_keys_of_devices_on_both_sides(there: Authorities) -> None:
    root(there)
    two = Ceremony(("张三", "李四"))
    with there.deployment.transaction(OPERATOR) as tx:
        waiting = ceremony.request(tx, there.office, "city", CITY, key=KeyReference("hsm", 3))
        above = authorities.by_name(tx.session, "device-root")
        row = ceremony.sign(tx, there.office, above, CertificateRequest.from_pem(waiting.request), two)
        chain = [Certificate(row.der), *authorities.chain_of(above)]
        ceremony.accept(tx, there.office, "city", "".join(one.to_pem() for one in chain), two)
    assert there.issue(authority="city").der


def test_a_key_is_for_one_authority_and_for_nothing_else(there: Authorities) -> None:
    root(there, index=1)
    with pytest.raises(DeviceKeyInUse, match="sdf:hsm#1"):
        below(there, "device-root", "city", 1)
    with there.deployment.transaction(OPERATOR) as tx:
        adoption.adopt_token_keys(tx, there.deployment.master, [there.deployment.ring.devices.adopted(KeyReference("hsm", 2))])
    with pytest.raises(DeviceKeyInUse):
        below(there, "device-root", "city", 2)
    with pytest.raises(DeviceKeyInUse), there.deployment.transaction(OPERATOR) as tx:
        adoption.adopt_token_keys(tx, there.deployment.master, [there.deployment.ring.devices.adopted(KeyReference("hsm", 1))])


def test_twenty_who_found_at_once_found_one(there: Authorities) -> None:
    results = at_once(lambda number: root(there, "same" if number % 2 else f"other-{number}a"))
    assert len(succeeded(results)) == 1
    assert refused(results) <= {AuthorityExists, DeviceKeyInUse}


@pytest.mark.parametrize(
    ("fault", "index", "error"),
    [
        ("away", 1, DeviceAway),
        ("wrong", 1, DeviceUntrusted),
        ("ecdsa", 1, DeviceUntrusted),
        ("off-curve", 1, DeviceUntrusted),
        ("narrow", 1, DeviceUntrusted),
        ("", 9, NoSuchDeviceKey),
    ],
)
def test_with_a_device_that_fails_nothing_is_founded(
    there: Authorities, stub: StubDevice, fault: str, index: int, error: type[DeviceError]
) -> None:
    stub.fault(fault)
    with pytest.raises(error):
        root(there, index=index)
    with there.deployment.reading() as session:
        assert session.scalar(select(func.count()).where(CertificateAuthority.name == "device-root")) == 0
        assert session.scalar(select(func.count()).select_from(DeviceKey)) == 0


@pytest.mark.parametrize("fault", ["away", "wrong", "ecdsa", "swapped"])
def test_with_a_device_that_fails_later_nothing_is_issued(there: Authorities, stub: StubDevice, fault: str) -> None:
    row = root(there)
    below(there, "device-root", "city", 2)

    def written() -> tuple[int | None, int]:
        with there.deployment.reading() as session:
            count = session.scalar(select(func.count()).select_from(IssuedCertificate))
            return count, session.get_one(PublishedList, (row.id, -1)).number

    before = written()
    stub.fault(fault)
    with pytest.raises(DeviceError):
        there.issue(authority="city")
    with pytest.raises(DeviceError), there.deployment.transaction(OPERATOR) as tx:
        lists.publish(tx, there.office, authorities.by_name(tx.session, "device-root"))
    assert written() == before


def test_an_authority_whose_device_is_away_holds_up_no_other(there: Authorities, stub: StubDevice) -> None:
    root(there)
    stub.fault("away")
    there.deployment.clock.forward(days=2)  # type: ignore[attr-defined]
    names = {"ministry", "province", "school", "device-root"}
    upkeep.run_due(there.deployment, there.office)
    with there.deployment.reading() as session:
        fresh = {
            session.get_one(CertificateAuthority, row.authority_id).name
            for row in session.scalars(select(PublishedList).where(PublishedList.this_update >= there.deployment.clock.now()))
        }
    assert fresh & names == names - {"device-root"}
