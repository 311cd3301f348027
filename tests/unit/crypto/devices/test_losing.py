"""A device that is lost, found again, hangs; and many who want it at once, in threads and in processes."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import wait
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from idp.crypto.devices.device import Device
from idp.crypto.devices.errors import DeviceAccessDenied, DeviceAway, DeviceRefused
from idp.crypto.devices.library import SdfLibrary
from idp.crypto.devices.pool import Connection
from idp.crypto.devices.signer import adopted
from idp.crypto.devices.structures import DeviceInfo
from tests.at_once import at_once, succeeded
from tests.services.processes import ROOT
from tests.services.sdf_device import StubDevice

MESSAGE = b"signed in a device"


def signs_at_last(device: Device) -> None:
    """A device that is given so little time may need another try on a busy machine."""
    deadline = time.monotonic() + 20
    while True:
        try:
            device.sign(1, bytes(32))
        except DeviceAway:
            assert time.monotonic() < deadline, "it does not come back"
            time.sleep(0.01)  # nothing tells us when another program's call returns
        else:
            return


def test_twenty_threads_sign_at_once_with_fewer_sessions_and_never_two_in_one(stub: StubDevice) -> None:
    signer = adopted(stub.device(sessions=3), 1, verify_all=True)
    results = at_once(lambda number: [signer.sign(b"%d %d" % (number, turn)) for turn in range(10)])
    assert len({signature for signatures in succeeded(results) for signature in signatures}) == 200
    assert stub.opened() == 1


def test_a_device_that_is_lost_under_twenty_threads_is_opened_again_and_nobody_notices(stub: StubDevice) -> None:
    stub.fault("away-after 25")
    signer = adopted(stub.device(sessions=4), 1, verify_all=True)
    results = at_once(lambda number: [signer.sign(b"%d %d" % (number, turn)) for turn in range(5)])
    assert len(succeeded(results)) == 20
    assert stub.opened() == 2


def test_a_device_that_is_lost_again_and_again_is_never_used_after_it_was_closed(stub: StubDevice) -> None:
    stub.fault("flaky 7")
    device = stub.device(sessions=6)

    def work(_: int) -> int:
        signed = 0
        for _turn in range(15):
            with suppress(DeviceAway):  # lost three times in a row: it says so
                device.sign(1, bytes(32))
                signed += 1
        return signed

    assert sum(succeeded(at_once(work))) > 200
    device.close()
    assert stub.opened() > 20


def test_a_lost_connection_gives_no_session_and_is_closed_after_the_last_one_that_somebody_has(stub: StubDevice) -> None:
    library, handle = SdfLibrary("hsm", stub.library), ctypes.c_void_p()
    assert library.call("SDF_OpenDevice", ctypes.byref(handle)) == 0
    connection = Connection(library, handle, 1, "sdf:hsm")
    first, second = connection.take(), connection.take()
    assert first is not None
    assert second is not None
    for session in (first, second):
        session.submit(partial(session.open, handle)).result(20)
    connection.give_back(first)
    wait(connection.lose(), 20)
    assert connection.take() is None
    information = ctypes.byref(DeviceInfo())
    second.submit(partial(second.call, "SDF_GetDeviceInfo", information)).result(20)  # it goes on under whoever has it
    connection.part_with(second).result(20)
    assert library.call("SDF_CloseDevice", handle) != 0  # it is closed already, which the test device notes
    assert stub.misuse() == ["device closed twice"]
    (stub.folder / "misuse").unlink()


def test_a_device_that_is_away_says_so_and_is_found_again_when_it_is_back(stub: StubDevice) -> None:
    signer = adopted(stub.device(), 1)
    stub.fault("away")
    for _again in range(3):
        with pytest.raises(DeviceAway, match=r"hsm does not answer: .* \(SDR_"):
            signer.sign(MESSAGE)
    assert stub.opened() == 1
    stub.fault()
    signer.sign(MESSAGE)
    assert stub.opened() == 2


def test_a_device_that_is_away_from_the_start_says_so(stub: StubDevice) -> None:
    stub.fault("away")
    with pytest.raises(DeviceAway, match="SDR_OPENDEVICE"):
        stub.device().information()


def test_a_device_that_could_not_be_opened_is_left_alone_for_a_while(stub: StubDevice) -> None:
    device = stub.device(rest=3600.0)
    stub.fault("away")
    with pytest.raises(DeviceAway):
        device.information()
    stub.fault()
    with pytest.raises(DeviceAway, match="SDR_OPENDEVICE"):
        device.information()
    assert stub.opened() == 0


def test_a_code_of_the_makers_own_is_tried_three_times_on_fresh_connections_and_then_told(stub: StubDevice) -> None:
    device = stub.device()
    stub.fault("vendor")
    with pytest.raises(DeviceRefused, match="0x01010106"):
        device.sign(1, bytes(32))
    assert stub.opened() == 3
    stub.fault()
    device.sign(1, bytes(32))


def test_a_right_that_the_device_has_forgotten_is_asked_for_again_and_not_for_ever(stub: StubDevice) -> None:
    device = stub.device()
    stub.fault("rightless")
    with pytest.raises(DeviceAccessDenied, match="SDR_PARDENY"):
        device.sign(1, bytes(32))
    stub.fault()
    device.sign(1, bytes(32))
    assert stub.tries(1) == 0


def test_a_device_that_hangs_holds_nobody_up_for_longer_than_was_agreed_and_starts_no_thread_beyond_its_sessions(
    stub: StubDevice,
) -> None:
    device = stub.device(sessions=2, patience=0.3)
    signs_at_last(device)
    stub.fault("hang")
    before = threading.active_count()
    for _again in range(6):
        with pytest.raises(DeviceAway, match="no answer in time"):
            device.sign(1, bytes(32))
    assert threading.active_count() <= before + 2
    stub.fault()
    signs_at_last(device)


def test_after_closing_the_next_use_opens_again(stub: StubDevice) -> None:
    device = stub.device()
    device.sign(1, bytes(32))
    device.close()
    device.close()
    device.sign(1, bytes(32))
    assert stub.opened() == 2


def test_a_child_opens_the_device_anew_and_leaves_the_parents_alone(stub: StubDevice) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.unit.crypto.devices.forking_process", str(stub.library)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, sorted(done.stdout.split("\n"))) == (0, ["", "child signed", "parent signed"]), done.stderr
    assert stub.opened() == 2


def test_a_process_that_is_killed_while_it_signs_leaves_the_device_to_the_next(stub: StubDevice, tmp_path: Path) -> None:
    code = (
        "import os; from pathlib import Path; from tests.services.sdf_device import StubDevice\n"
        f"device = StubDevice(Path({str(stub.folder)!r}), Path({str(stub.library)!r})).device()\n"
        "while True:\n    device.sign(1, bytes(32)); os.write(1, b'.')"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.read(20) == b"." * 20
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    stub.device().sign(1, bytes(32))
