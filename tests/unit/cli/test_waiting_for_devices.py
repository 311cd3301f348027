"""A worker whose master key a device has to open."""

import pytest

from cli import serve
from idp.crypto.devices.errors import DeviceAway, NoSuchDevice


def test_a_worker_that_starts_while_the_device_is_away_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "WAIT_SECONDS", 0)
    answers: list[Exception | str] = [DeviceAway(device="hsm", reason="-", result="-")] * 2 + ["opened"]

    def opening() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert serve.once_devices_answer(opening) == "opened"
    answers[:] = [NoSuchDevice(device="hsm")]
    with pytest.raises(NoSuchDevice):  # waiting would not mend that
        serve.once_devices_answer(opening)
