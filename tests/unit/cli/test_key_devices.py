"""``yima key devices`` and ``adopt``, and ``yima ca init --key``: the commands of docs/operations/hsm.md."""

import json

import pytest

from tests.services.sdf_device import StubDevice
from tests.unit.cli.conftest import Yima

pytestmark = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
SM = "SGD_SM3_SM2"


@pytest.fixture(autouse=True)
def device(stub: StubDevice, monkeypatch: pytest.MonkeyPatch) -> StubDevice:
    given = {"hsm": {"library": str(stub.library), "password_file": str(stub.folder / "{index}.pin")}}
    stub.settings()
    monkeypatch.setenv("YIMA_SDF_DEVICES", json.dumps(given))
    return stub


def test_from_an_empty_device_to_tokens_and_an_authority_in_it(yima: Yima) -> None:
    seen = yima("key", "devices", "--look", "8", "--json").json
    assert [(one["device"], one["issuer"], one["state"]) for one in seen["devices"]] == [("hsm", "Yima tests", "ok")]
    assert [key["reference"] for key in seen["keys"]] == [f"sdf:hsm#{index}" for index in range(1, 9)]
    adopted = yima("key", "adopt", "--device", "hsm", "--index", "3", "--index", "4", "--json").json
    assert [key["reference"] for key in adopted] == ["sdf:hsm#3", "sdf:hsm#4"]
    assert yima("key", "rotate", SM, "--json").json[0]["device"] == "sdf:hsm#3"
    places = {key["kid"]: key["device"] for key in yima("key", "list", "--json").json}
    assert [places[key["kid"]] for key in adopted] == ["sdf:hsm#3", "sdf:hsm#4"]
    founded = yima("ca", "init", "ministry", "--root", "--organisation", "教育部", "--key", "sdf:hsm#1", "--json")
    assert (founded.code, founded.json["key"]) == (0, "sdf:hsm#1")
    assert yima("ca", "show", "ministry", "--json").json["key"] == "sdf:hsm#1"
    seen = yima("key", "devices", "--look", "8", "--json")
    assert seen.code == 0
    assert {key["reference"]: key["purpose"] for key in seen.json["keys"] if key["purpose"]} == {
        "sdf:hsm#1": "authority",
        "sdf:hsm#3": "token",
        "sdf:hsm#4": "token",
    }
    assert "sdf:hsm#3: token" in yima("doctor").out


def test_what_is_refused_says_what_to_do(yima: Yima, device: StubDevice) -> None:
    for words, text in (
        (("ca", "init", "m", "--root", "--organisation", "教育部", "--key", "hsm#1"), "sdf:LABEL#INDEX"),
        (("ca", "init", "m", "--root", "--organisation", "教育部", "--key", "sdf:hsm#9"), "no key sdf:hsm#9"),
        (("key", "adopt", "--device", "other", "--index", "1"), "No device is called other"),
        (("key", "adopt", "--device", "hsm", "--index", "1", "--index", "1"), "in use already"),
    ):
        refused = yima(*words)
        assert refused.code == 1, words
        assert text in refused.err
    assert yima("key", "adopt", "--device", "hsm").code == 2
    assert yima("key", "adopt", "--device", "hsm", "--index", "0").code == 2
    assert yima("key", "adopt", "--device", "hsm", "--index", "1", lang="zh").code == 0
    assert yima("key", "rotate", SM).code == 0
    used_up = yima("key", "rotate", SM)
    assert (used_up.code, "yima key adopt" in used_up.err) == (1, True)
    assert yima("key", "rotate", SM, "--in-software").code == 0


def test_a_device_that_is_away_is_told_by_the_list_and_by_doctor_and_keys_not_in_it_go_on(yima: Yima, device: StubDevice) -> None:
    device.fault("away")
    assert yima("key", "devices").code == 1
    assert yima("doctor", "--json").code == 0  # nothing is signed in it yet
    device.fault()
    yima("key", "adopt", "--device", "hsm", "--index", "2")
    device.fault("away")
    said = yima("key", "devices", lang="zh")
    assert (said.code, "密码设备 hsm 没有应答" in said.out.replace("\n", "")) == (1, True)
    doctor = yima("doctor", "--json")
    assert doctor.code == 1
    assert any(finding["state"] == "wrong" and "hsm" in finding["advice"] for finding in doctor.json["findings"])
    assert yima("key", "list").code == 0
    assert yima("key", "rotate", "ES256").code == 0


def test_the_master_key_is_wrapped_shown_and_taken_back(yima: Yima, device: StubDevice) -> None:
    assert yima("key", "master", "show", "--json").json["device"] is None
    wrapped = yima("key", "master", "wrap", "--key", "sdf:hsm#7", "--yes", "--json").json
    assert (wrapped["device"], wrapped["name"]) == ("sdf:hsm#7", yima("key", "master", "show", "--json").json["name"])
    assert yima("key", "master", "show", "--json").json["device"] == "sdf:hsm#7"
    device.fault("away")
    for words in (("key", "list"), ("doctor",), ("key", "master", "unwrap", "--yes")):
        away = yima(*words)
        assert (away.code, "hsm" in away.out + away.err) == (1, True)
    device.fault()
    assert yima("key", "master", "wrap", "--key", "hsm#7", "--yes").code == 1
    assert yima("key", "master", "unwrap", "--yes", "--json").json["device"] is None
    device.fault("away")
    assert yima("key", "list").code == 0
