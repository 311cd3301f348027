"""Token keys in a device: adopted, rotated from one to the next, and never replaced by software unasked."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from idp.crypto.devices.errors import (
    DeviceAway,
    DeviceError,
    DevicePasswordMissing,
    DevicePasswordUnsafe,
    DeviceUntrusted,
    NoSuchDevice,
    NoSuchDeviceKey,
)
from idp.crypto.devices.reference import KeyReference
from idp.crypto.jose import KeySet, Signer, jwt
from idp.deployment import Deployment, open_deployment
from idp.housekeeping import complete_keys, rotate_keys
from idp.keys import adoption, inspection, rotation
from idp.keys.errors import DeviceKeyInUse, DeviceKeysUsedUp
from idp.keys.states import State, state
from idp.keys.tables import DeviceKey, Key
from idp.settings import Settings, SettingsError, load
from tests.at_once import at_once, refused, succeeded
from tests.clocks import SettableClock
from tests.people import OPERATOR
from tests.services.sdf_device import StubDevice

SM = "SGD_SM3_SM2"
AHEAD = timedelta(seconds=300)


@pytest.fixture
def deployment(deployment_settings: Settings, stub: StubDevice, clock: SettableClock) -> Iterator[Deployment]:
    """An installation with a device, on each database in turn."""
    found = open_deployment(deployment_settings.model_copy(update={"sdf_devices": stub.settings()}), clock)
    yield found
    found.close()


@pytest.fixture
def here(sqlite_template: Path, stub: StubDevice, clock: SettableClock, tmp_path: Path) -> Iterator[Deployment]:
    """The same on SQLite, for rules that no database can change."""
    (tmp_path / "home").mkdir()
    for name in ("yima.db", "master.key"):
        (tmp_path / "home" / name).write_bytes((sqlite_template / name).read_bytes())
    (tmp_path / "home" / "master.key").chmod(0o600)
    found = open_deployment(Settings(home=tmp_path / "home", sdf_devices=stub.settings()), clock)
    yield found
    found.close()


def adopt(deployment: Deployment, *indices: int) -> list[str]:
    with deployment.transaction(OPERATOR) as tx:
        signers = [deployment.ring.devices.adopted(KeyReference("hsm", index)) for index in indices]
        made = [key.kid for key in adoption.adopt_token_keys(tx, deployment.master, signers)]
    deployment.ring.forget()
    return made


def rotate(deployment: Deployment, *, in_software: bool = False) -> str:
    with deployment.transaction(OPERATOR) as tx:
        kid = rotation.rotate(tx, deployment.master, SM, publish_ahead=AHEAD, in_software=in_software).kid
    deployment.ring.forget()
    return kid


def signer(deployment: Deployment) -> Signer:
    return deployment.ring.signer(SM, deployment.clock.now())


def published(deployment: Deployment) -> list[str]:
    return [str(key["kid"]) for key in deployment.ring.published("sm", deployment.clock.now())]


def of_state(deployment: Deployment, wanted: State) -> list[str]:
    now = deployment.clock.now()
    return [row.kid for row in deployment.ring.current().rows if row.algorithm == SM and state(row, now) is wanted]


def test_an_adopted_key_is_published_at_once_and_signs_after_the_next_rotation(
    deployment: Deployment, clock: SettableClock
) -> None:
    before = signer(deployment).kid
    (kid,) = adopt(deployment, 3)
    assert kid in published(deployment)
    assert signer(deployment).kid == before
    assert of_state(deployment, State.NEXT) == [kid]  # the software key that waited is gone
    keys = KeySet(deployment.ring.published("sm", clock.now()))
    assert rotate(deployment) == kid
    clock.forward(seconds=300)
    assert signer(deployment).kid == kid
    jwt.decode(jwt.encode({"n": 1}, signer(deployment)), keys, algorithms=[SM])


def test_rotation_goes_from_index_to_index_and_stops_where_none_is_left(here: Deployment, clock: SettableClock) -> None:
    first, second = adopt(here, 5, 2)
    for kid in (first, second):
        clock.forward(hours=1)
        assert rotate(here) == kid
        clock.forward(hours=1)
        assert complete_keys(here) == 0  # no software key slips in behind it
        assert signer(here).kid == kid
    with pytest.raises(DeviceKeysUsedUp, match=second):
        rotate(here)
    assert signer(here).kid == second
    (third,) = adopt(here, 7)
    assert rotate(here) == third


def test_the_schedule_leaves_the_choice_of_the_next_to_a_person(here: Deployment, clock: SettableClock) -> None:
    (kid,) = adopt(here, 5)
    rotate(here)
    clock.forward(days=here.settings.key_token_days + 1)
    assert rotate_keys(here) > 0  # every other algorithm has its turn
    assert signer(here).kid == kid
    with here.reading() as session:
        used = inspection.in_use(session, clock.now())
    stuck = inspection.without_successor(here.ring.current().rows, used, clock.now())
    assert stuck is not None
    assert stuck.kid == kid
    (successor,) = adopt(here, 6)
    clock.forward(minutes=10)
    assert rotate_keys(here) == 1
    assert signer(here).kid == successor


def test_the_way_back_to_software_is_taken_on_purpose_and_whole(here: Deployment, clock: SettableClock) -> None:
    first, second = adopt(here, 1, 2)
    rotate(here)
    clock.forward(hours=1)
    back = rotate(here, in_software=True)
    clock.forward(hours=1)
    assert signer(here).kid == back
    assert "hsm" not in repr(signer(here))
    assert second not in published(here)
    assert rotate(here) not in (first, second)


def test_a_key_that_may_be_in_wrong_hands_is_followed_by_the_next_of_the_device_and_by_software_where_there_is_none(
    here: Deployment, clock: SettableClock
) -> None:
    first, second = adopt(here, 1, 2)
    rotate(here)
    clock.forward(hours=1)
    for kid, follower in ((first, second), (second, None)):
        assert signer(here).kid == kid
        with here.transaction(OPERATOR) as tx:
            rotation.retire(tx, here.master, kid)
        here.ring.forget()
        assert kid not in published(here)
        assert follower is None or signer(here).kid == follower
    jwt.decode(jwt.encode({}, signer(here)), KeySet(here.ring.published("sm", clock.now())), algorithms=[SM])


@pytest.mark.parametrize("again", [(4,), (4, 5), (5, 5)])
def test_a_key_is_taken_into_use_once(here: Deployment, again: tuple[int, ...]) -> None:
    adopt(here, 4)
    with pytest.raises(DeviceKeyInUse, match="sdf:hsm#"):
        adopt(here, *again)
    assert len(of_state(here, State.NEXT)) == 1


def test_a_key_is_taken_into_use_once_whoever_does_it_at_once(deployment: Deployment) -> None:
    results = at_once(lambda _: adopt(deployment, 6))
    assert len(succeeded(results)) == 1
    assert refused(results) == {DeviceKeyInUse}
    with deployment.reading() as session:
        assert session.query(DeviceKey).count() == 1


@pytest.mark.parametrize(
    ("fault", "index", "error"),
    [("away", 1, DeviceAway), ("ecdsa", 1, DeviceUntrusted), ("off-curve", 1, DeviceUntrusted), ("", 9, NoSuchDeviceKey)],
)
def test_what_cannot_be_believed_is_not_adopted(
    here: Deployment, stub: StubDevice, fault: str, index: int, error: type[DeviceError]
) -> None:
    stub.fault(fault)
    waiting = of_state(here, State.NEXT)
    with pytest.raises(error):
        adopt(here, index)
    assert of_state(here, State.NEXT) == waiting
    with here.reading() as session:
        assert not session.query(DeviceKey).count()


def test_a_device_that_nobody_has_named_is_refused(here: Deployment) -> None:
    with pytest.raises(NoSuchDevice, match="other"):
        here.ring.devices.adopted(KeyReference("other", 1))


def test_with_the_device_away_everything_else_signs_and_the_key_set_is_whole(
    here: Deployment, stub: StubDevice, clock: SettableClock
) -> None:
    (kid,) = adopt(here, 1)
    rotate(here)
    clock.forward(hours=1)
    stub.fault("away")
    settings = here.settings
    here.close()
    again = open_deployment(settings, clock)  # the server starts
    assert kid in published(again)
    assert jwt.encode({}, again.ring.signer("ES256", clock.now()))
    token_signer = signer(again)
    with pytest.raises(DeviceAway):
        token_signer.sign(b"x")
    stub.fault()
    deadline = time.monotonic() + 20
    while True:
        try:
            token_signer.sign(b"x")
        except DeviceAway:
            assert time.monotonic() < deadline
            time.sleep(0.01)  # it is left alone for a second
        else:
            break
    again.close()


def test_a_device_that_the_settings_have_lost_costs_its_own_keys_only(here: Deployment, clock: SettableClock) -> None:
    adopt(here, 1)
    rotate(here)
    clock.forward(hours=1)
    again = open_deployment(here.settings.model_copy(update={"sdf_devices": {}}), clock)
    with pytest.raises(NoSuchDevice, match="sdf_devices"):
        signer(again)
    assert again.ring.signer("RS256", clock.now())
    assert len(published(again)) == 2
    again.close()


def test_what_is_sealed_of_such_a_key_has_no_private_half(here: Deployment) -> None:
    (kid,) = adopt(here, 1)
    with here.reading() as session:
        row = session.get_one(Key, kid)
        opened = here.master.open(row.sealed, context=f"key:token:{kid}".encode())
    assert b"sdf:hsm#1" in opened
    assert b'"d"' not in opened
    assert "device" not in (row.public_jwk or {})


def test_keys_in_use_are_tried_and_free_ones_found(here: Deployment, stub: StubDevice, clock: SettableClock) -> None:
    used, later = adopt(here, 2, 4)
    rotate(here)
    clock.forward(hours=1)
    with here.reading() as session:
        rows = inspection.in_use(session, clock.now())
    devices = here.ring.devices
    assert [(one.kid, one.error) for one in inspection.try_keys(devices, rows)] == [(used, None), (later, None)]
    assert [one.reference.index for one in inspection.free_keys(devices, rows, 12)] == [1, 3, 5, 6, 7, 8]
    stub.fault("swapped")
    assert {type(one.error) for one in inspection.try_keys(devices, rows)} == {DeviceUntrusted}
    stub.fault("away")
    assert {type(one.error) for one in inspection.try_keys(devices, rows)} == {DeviceAway}
    assert [type(one.error) for one in inspection.free_keys(devices, rows, 12)] == [DeviceAway]
    assert [type(one.error) for one in inspection.look_at(devices)] == [DeviceAway]


def test_a_password_lies_in_a_file_that_nobody_else_can_read(here: Deployment, stub: StubDevice) -> None:
    device = here.ring.devices["hsm"]
    path = stub.folder / "1.pin"
    path.chmod(0o640)
    with pytest.raises(DevicePasswordUnsafe, match="chmod 600"):
        device.sign(1, bytes(32))
    path.chmod(0o600)
    path.write_bytes(b"\n")
    with pytest.raises(DevicePasswordMissing):
        device.sign(1, bytes(32))
    path.unlink()
    with pytest.raises(DevicePasswordMissing, match=r"1\.pin"):
        device.sign(1, bytes(32))
    assert stub.tries(1) == 0
    path.touch(0o600)
    path.write_bytes(stub.password(1))
    device.sign(1, bytes(32))


def test_devices_are_set_in_the_file_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "yima.toml").write_text('[sdf_devices.hsm]\nlibrary = "/opt/libsdf.so"\npassword_file = "hsm.pin"\n')
    there = load({"YIMA_HOME": str(tmp_path)}).sdf_devices["hsm"]
    assert (str(there.library), there.password_file, there.sessions) == ("/opt/libsdf.so", "hsm.pin", 8)
    given = load({"YIMA_SDF_DEVICES": '{"a": {"library": "/l.so", "password": "of-no-concern"}}'})
    assert "of-no-concern" not in repr(given) + str(given.sdf_devices)
    assert load({"YIMA_SDF_DEVICES": ""}).sdf_devices == {}


@pytest.mark.parametrize(
    "value",
    [
        "hsm",
        "[]",
        "{}x",
        '{"hsm": {}}',
        '{"hsm": {"library": "/l.so", "pin": "1"}}',
        '{"HSM": {"library": "/l.so"}}',
        '{"a#1": {"library": "/l.so"}}',
        '{"hsm": {"library": "/l.so", "sessions": 0}}',
        '{"hsm": {"library": "/l.so", "seconds": 0}}',
        '{"hsm": {"library": "/l.so", "password_file": "a", "password": "b"}}',
    ],
)
def test_a_device_that_is_set_wrongly_stops_the_start(value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"YIMA_SDF_DEVICES": value})
    assert str(caught.value.params["name"]).lower().startswith(("yima_sdf_devices", "sdf_devices"))
