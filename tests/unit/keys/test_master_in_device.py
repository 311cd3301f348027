"""The master key in a file that a device alone opens."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.crypto.devices.errors import DeviceAway, DeviceError, DeviceUntrusted, NoSuchDevice, NoSuchDeviceKey
from idp.crypto.devices.reference import KeyReference
from idp.deployment import Deployment, open_deployment
from idp.keys.errors import MasterKeyChanged, MasterKeyElsewhere, MasterKeyNotOpened, MasterKeyUnsafe
from idp.keys.master import change, files
from idp.settings import Settings
from tests.at_once import at_once, succeeded
from tests.people import OPERATOR
from tests.services.sdf_device import StubDevice

HERE = KeyReference("hsm", 2)


@pytest.fixture
def here(sqlite_template: Path, stub: StubDevice, tmp_path: Path) -> Iterator[Deployment]:
    """An installation with a device; its master key still lies in the clear."""
    (tmp_path / "home").mkdir()
    for name in ("yima.db", "master.key"):
        (tmp_path / "home" / name).write_bytes((sqlite_template / name).read_bytes())
    (tmp_path / "home" / "master.key").chmod(0o600)
    found = open_deployment(Settings(home=tmp_path / "home", sdf_devices=stub.settings()))
    yield found
    found.close()


def wrap(deployment: Deployment, device_key: KeyReference | None = HERE) -> None:
    with deployment.transaction(OPERATOR) as tx:
        change.wrap(tx, deployment.settings, device_key)


def file(deployment: Deployment) -> Path:
    return deployment.settings.home / files.FILE_NAME


def test_a_wrapped_key_opens_the_same_installation_and_is_not_in_the_file(here: Deployment) -> None:
    secret = file(here).read_text().strip()
    sealed = here.ring.vault.seal("secret", context="row:1")
    wrap(here)
    assert secret not in file(here).read_text()
    assert file(here).stat().st_mode & 0o777 == 0o600
    assert files.place(here.settings) == HERE
    with closing(open_deployment(here.settings)) as again:
        assert again.ring.vault.open(sealed, context="row:1") == "secret"
    wrap(here, KeyReference("hsm", 5))
    assert files.place(here.settings) == KeyReference("hsm", 5)
    wrap(here, None)
    assert file(here).read_text().strip() == secret
    with here.reading() as session:
        said = session.scalars(select(AuditEvent.detail).where(AuditEvent.action == Action.MASTER_WRAPPED.value)).all()
    assert [one["device"] for one in said] == ["sdf:hsm#2", "sdf:hsm#5", None]
    assert secret not in str(said)
    assert [path.name for path in here.settings.home.glob("master*")] == ["master.key"]


def test_a_server_that_runs_needs_the_device_no_more_and_one_that_starts_does(here: Deployment, stub: StubDevice) -> None:
    wrap(here)
    with closing(open_deployment(here.settings)) as running:
        sealed = running.ring.vault.seal("secret", context="row:1")
        stub.fault("away")
        assert running.ring.newest().rows
        assert running.ring.vault.open(sealed, context="row:1") == "secret"
        with pytest.raises(DeviceAway):
            open_deployment(here.settings)


def test_while_it_is_wrapped_a_new_master_key_is_wrapped_too(here: Deployment) -> None:
    wrap(here)
    before = here.ring.newest().master
    after = change.prepare(here.settings, before.current)
    assert after.secret.hex() not in (here.settings.home / files.NEXT_NAME).read_text()
    with pytest.raises(MasterKeyChanged):
        wrap(here, None)
    with here.transaction(OPERATOR) as tx:
        change.change(tx, before, after)
    with closing(open_deployment(here.settings)) as again:
        assert again.ring.current().master.current == after.name
        assert files.place(again.settings) == HERE
        assert len(change.confirm(again.settings, after.name)) == 1
    assert not [path for path in here.settings.home.glob("master*") if after.secret.hex() in path.read_text()]


def test_twenty_who_wrap_at_once_leave_a_file_that_opens(here: Deployment) -> None:
    assert len(succeeded(at_once(lambda number: wrap(here, KeyReference("hsm", number % 8 + 1))))) == 20
    with closing(open_deployment(here.settings)) as again:
        assert again.ring.current().rows


@pytest.mark.parametrize(
    ("fault", "index", "error"),
    [("away", 2, DeviceAway), ("garbled", 2, DeviceUntrusted), ("", 9, NoSuchDeviceKey)],
)
def test_where_the_device_fails_the_file_stays_as_it_was(
    here: Deployment, stub: StubDevice, fault: str, index: int, error: type[DeviceError]
) -> None:
    before = file(here).read_text()
    stub.fault(fault)
    with pytest.raises(error):
        wrap(here, KeyReference("hsm", index))
    assert file(here).read_text() == before


@pytest.mark.parametrize("at", [5, 12, 60, -3])
def test_a_file_that_was_changed_or_is_for_another_device_opens_nothing(here: Deployment, at: int) -> None:
    wrap(here)
    text = file(here).read_text()
    file(here).write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at:][1:])
    with pytest.raises((MasterKeyNotOpened, DeviceError)):
        open_deployment(here.settings)


def test_a_device_that_the_settings_do_not_name_and_a_file_that_others_can_read_are_told(here: Deployment) -> None:
    wrap(here)
    with pytest.raises(NoSuchDevice, match="hsm"):
        open_deployment(here.settings.model_copy(update={"sdf_devices": {}}))
    file(here).chmod(0o644)
    with pytest.raises(MasterKeyUnsafe):
        open_deployment(here.settings)
    file(here).chmod(0o600)


def test_a_key_in_the_environment_is_not_wrapped(here: Deployment) -> None:
    settings = here.settings.model_copy(update={"master_key": SecretStr(file(here).read_text().strip())})
    with closing(open_deployment(settings)) as other, pytest.raises(MasterKeyElsewhere):
        wrap(other)
