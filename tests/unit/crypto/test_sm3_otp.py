"""SM3 one-time passwords: the published vectors, and what the algorithm does not take."""

import csv
from pathlib import Path

import pytest

from idp.crypto.sm3_otp import UnfitParameter, one_time_password

VECTORS = list(csv.DictReader((Path(__file__).parents[2] / "vectors" / "gmt0021_sm3_otp.csv").read_text().splitlines()))
KEY = bytes(range(16))


def test_there_are_ten_vectors() -> None:
    assert len(VECTORS) == 10


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["otp"])
def test_the_password_of_each_vector_comes_out(vector: dict[str, str]) -> None:
    password = one_time_password(
        bytes.fromhex(vector["key_hex"]),
        step=int(vector["t"]),
        counter=int(vector["counter"]),
        challenge=vector["challenge"].encode(),
        digits=int(vector["digits"]),
    )
    assert password == vector["otp"]


def test_time_counter_and_challenge_each_change_the_password() -> None:
    passwords = {
        one_time_password(KEY, step=1, digits=9),
        one_time_password(KEY, step=2, digits=9),
        one_time_password(KEY, counter=1, digits=9),
        one_time_password(KEY, step=1, counter=1, digits=9),
        one_time_password(KEY, step=1, challenge=b"1234", digits=9),
        one_time_password(bytes(16), step=1, digits=9),
    }
    assert len(passwords) == 6


@pytest.mark.parametrize("digits", [6, 7, 8, 9])
def test_leading_zeros_are_kept(digits: int) -> None:
    passwords = [one_time_password(KEY, counter=counter, digits=digits) for counter in range(200)]
    assert {len(password) for password in passwords} == {digits}
    assert any(password.startswith("0") for password in passwords)


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": bytes(15), "step": 1},
        {"key": KEY},
        {"key": KEY, "challenge": b"1234"},
        {"key": KEY, "step": 1, "digits": 5},
        {"key": KEY, "step": 1, "digits": 10},
        {"key": KEY, "step": -1},
        {"key": KEY, "step": 2**64},
        {"key": KEY, "counter": 2**32},
        {"key": KEY, "step": 1, "challenge": b"123"},
        {"key": KEY, "step": 1, "challenge": b"12 34"},
        {"key": KEY, "step": 1, "challenge": "验证验证".encode()},
        {"key": KEY, "step": 1, "challenge": b"1" * 65},
    ],
    ids=str,
)
def test_what_is_not_fit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UnfitParameter):
        one_time_password(**wrong)  # type: ignore[arg-type]
