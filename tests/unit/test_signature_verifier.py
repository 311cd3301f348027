"""The verifier of exported signatures: right where ours is right, and as strict."""

import copy
import subprocess
import sys
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from examples.signature_verifier.verify import InvalidEvidence, verify
from idp.crypto import sm2
from idp.crypto.der import signature_to_der
from idp.mfa.factors.cosign.evidence import public_key_pem
from tests.services.processes import ROOT

KEY = sm2.PrivateKey.generate()
MESSAGE = 'YIMA-COSIGN-LOGIN-1\n{"sub":"林小雨"}'


def exported(key: sm2.PrivateKey = KEY) -> dict[str, str]:
    return {
        "message": MESSAGE,
        "signature": b64encode(signature_to_der(sm2.sign(KEY, MESSAGE.encode()))).decode(),
        "public_key": public_key_pem(f"04{key.public_key.point.hex()}"),
    }


def test_it_returns_the_message_of_a_good_signature() -> None:
    for _ in range(10):  # with and without a leading zero in the numbers
        assert verify(exported()) == MESSAGE


def test_a_changed_message_is_refused() -> None:
    with pytest.raises(InvalidEvidence):
        verify(exported() | {"message": MESSAGE + " "})


def test_the_signature_of_another_key_is_refused() -> None:
    with pytest.raises(InvalidEvidence):
        verify(exported(sm2.PrivateKey.generate()))


@pytest.mark.parametrize("name", ["signature", "public_key", "message"])
@pytest.mark.parametrize("value", ["", "AAAA", "MAYCAQECAQE=", None, 7, "！"])
def test_what_is_no_exported_signature_is_refused(name: str, value: object) -> None:
    broken = copy.copy(exported()) | {name: value}
    with pytest.raises(InvalidEvidence):
        verify(broken)


def test_no_changed_byte_of_the_signature_is_taken() -> None:
    good = exported()
    raw = b64decode(good["signature"])
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(InvalidEvidence):
            verify(good | {"signature": b64encode(changed).decode()})


@pytest.mark.parametrize("r", ["0221000000000000", "022000", "0220ff"])
def test_a_number_in_another_encoding_than_its_one_is_refused(r: str) -> None:
    numbers = bytes.fromhex(r).ljust(34 if r.startswith("0220") else 35, b"\x01") + b"\x02\x01\x01"
    with pytest.raises(InvalidEvidence, match="not a signature"):
        verify(exported() | {"signature": b64encode(bytes((0x30, len(numbers))) + numbers).decode()})


def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-m", "examples.signature_verifier", tmp_path / "bad.json"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "NOT valid" in done.stderr
