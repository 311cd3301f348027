"""Keys of the signing service that live in a device."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.certification import authorities
from idp.crypto import sm2
from idp.crypto.devices.errors import DeviceAway, DeviceError, DeviceUntrusted, NoSuchDeviceKey
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.signer import SdfSigner
from idp.crypto.jose.signer import Signer, SoftwareSigner
from idp.crypto.x509.certificate import Certificate
from idp.deployment import open_deployment
from idp.keys import inspection
from idp.keys.errors import DeviceKeyInUse
from idp.settings import Settings
from idp.signing import keys, upkeep
from idp.signing.errors import DeviceSignsOnly, NoSuchSigningKey, SuccessorNeeded
from idp.signing.keys import Use
from tests.certificates_of_schools import Authorities, found_authorities
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.services.sdf_device import StubDevice


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: SettableClock, stub: StubDevice) -> Iterator[Authorities]:
    """A school with a device."""
    shutil.copytree(sqlite_template, tmp_path / "yima")
    deployment = open_deployment(Settings(home=tmp_path / "yima", sdf_devices=stub.settings()), clock)
    yield found_authorities(deployment)
    deployment.close()


def add(here: Authorities, index: int = 1, use: Use = Use.SIGN, name: str = "seal") -> None:
    with here.deployment.transaction(OPERATOR) as tx:
        above = authorities.by_name(tx.session, "school")
        keys.add(tx, here.office, name, above, use, device=KeyReference("hsm", index))


def rotate(here: Authorities, index: int | None = None, *, in_software: bool = False) -> None:
    reference = KeyReference("hsm", index) if index is not None else None
    with here.deployment.transaction(OPERATOR) as tx:
        keys.rotate(tx, here.office, keys.by_name(tx.session, "seal"), device=reference, in_software=in_software)


def signer(here: Authorities) -> Signer:
    """The one in use, after it has signed what its certificate verifies."""
    with here.deployment.reading() as session:
        key = keys.by_name(session, "seal")
        version = keys.current(session, key)
        found = keys.signer(here.office, key, version)
        public_key = Certificate(keys.certificate_row(session, version).der).public_key
    sm2.verify(public_key, b"a document", found.sign(b"a document"))
    return found


def used(here: Authorities) -> list[str]:
    with here.deployment.reading() as session:
        return [row.reference for row in inspection.in_use(session, here.deployment.clock.now())]


def test_a_seal_in_a_device_signs_and_goes_on_to_the_key_that_is_named(here: Authorities) -> None:
    add(here)
    assert isinstance(signer(here), SdfSigner)
    with pytest.raises(SuccessorNeeded):
        rotate(here)
    rotate(here, 2)
    assert used(here) == ["sdf:hsm#2"]
    with pytest.raises(DeviceKeyInUse):
        rotate(here, 1)
    rotate(here, in_software=True)
    assert isinstance(signer(here), SoftwareSigner)
    assert used(here) == []
    rotate(here, 3)
    assert isinstance(signer(here), SdfSigner)
    with here.deployment.transaction(OPERATOR) as tx:
        keys.retire(tx, keys.by_name(tx.session, "seal"))
    assert used(here) == []


def test_time_does_not_put_a_software_key_in_its_place(here: Authorities, clock: SettableClock) -> None:
    add(here)
    with here.deployment.reading() as session:
        key = keys.by_name(session, "seal")
        ends = keys.certificate_row(session, keys.current(session, key)).not_after
    clock.forward(seconds=(ends - clock.now()).total_seconds() - 86400)
    with here.deployment.reading() as session:
        assert keys.needs_renewal(session, key, clock.now())
    assert upkeep.renew_due(here.deployment, here.office) == 0
    assert isinstance(signer(here), SdfSigner)


def test_an_encryption_key_does_not_live_there(here: Authorities) -> None:
    with pytest.raises(DeviceSignsOnly):
        add(here, use=Use.ENCRYPT)


@pytest.mark.parametrize(
    ("fault", "index", "error"), [("away", 1, DeviceAway), ("ecdsa", 1, DeviceUntrusted), ("", 9, NoSuchDeviceKey)]
)
def test_where_the_device_fails_there_is_no_key(
    here: Authorities, stub: StubDevice, fault: str, index: int, error: type[DeviceError]
) -> None:
    stub.fault(fault)
    with pytest.raises(error):
        add(here, index)
    with here.deployment.reading() as session, pytest.raises(NoSuchSigningKey):
        keys.by_name(session, "seal")
