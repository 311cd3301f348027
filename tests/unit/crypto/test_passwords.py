"""Password verifiers."""

import pytest
from argon2.low_level import Type, hash_secret_raw

from idp.crypto import base64url, sm3
from idp.crypto.errors import InvalidKey, PasswordNotUsable, WrongPassword
from idp.crypto.passwords import Cost, PasswordHasher

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
HASHER = PasswordHasher({"p1": b"1" * 32}, "p1", CHEAP)
STORED = HASHER.hash("correct horse")


def test_it_is_argon2id_then_hmac_sm3() -> None:
    _, kid, _, salt, tag = STORED.split("$")
    raw = hash_secret_raw(b"correct horse", base64url.decode(salt), 1, 64, 1, 32, Type.ID)
    assert kid == "p1"
    assert base64url.decode(tag) == sm3.hmac(b"1" * 32, raw)


def test_the_right_password_fits() -> None:
    HASHER.verify(STORED, "correct horse")


@pytest.mark.parametrize("password", ["", "correct", "Correct horse", "correct horse ", "x" * 5000, "\ud800"])
def test_another_password_does_not(password: str) -> None:
    with pytest.raises(WrongPassword):
        HASHER.verify(STORED, password)


def test_one_password_typed_on_two_keyboards_is_one_password() -> None:
    stored = HASHER.hash("caf\u00e9 中")
    HASHER.verify(stored, "cafe\u0301\u3000中")


def test_two_verifiers_of_one_password_differ() -> None:
    assert HASHER.hash("correct horse") != STORED


def test_after_a_rotation_the_old_verifier_fits_and_is_to_be_renewed() -> None:
    both = PasswordHasher({"p1": b"1" * 32, "p2": b"2" * 32}, "p2", CHEAP)
    both.verify(STORED, "correct horse")
    assert both.needs_rehash(STORED)
    assert not both.needs_rehash(both.hash("correct horse"))


def test_at_a_higher_cost_the_old_verifier_fits_and_is_to_be_renewed() -> None:
    dearer = PasswordHasher({"p1": b"1" * 32}, "p1", Cost(memory_kib=128, passes=1, lanes=1))
    dearer.verify(STORED, "correct horse")
    assert dearer.needs_rehash(STORED)


def test_without_its_pepper_a_verifier_fits_nothing() -> None:
    with pytest.raises(WrongPassword):
        PasswordHasher({"p2": b"1" * 32}, "p2", CHEAP).verify(STORED, "correct horse")


def test_a_damaged_verifier_fits_nothing() -> None:
    damaged = (STORED.replace("yp1", "yp9"), STORED[:-4], STORED.replace("m=64", "m=x"), STORED.replace("t=1", "t=-1"))
    for stored in ("", "$$$$", "yp1$p1$m=64,t=1,p=1$AAAA", "中" * 50, *damaged):
        with pytest.raises(WrongPassword):
            HASHER.verify(stored, "correct horse")


@pytest.mark.parametrize("password", ["", "x" * 1025, "中" * 342])
def test_an_empty_or_oversized_password_is_not_usable(password: str) -> None:
    with pytest.raises(PasswordNotUsable):
        HASHER.hash(password)


def test_for_an_account_that_does_not_exist_the_same_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[int, int, int]] = []

    def counting(secret: bytes, salt: bytes, passes: int, memory: int, lanes: int, length: int, kind: Type) -> bytes:
        done.append((passes, memory, lanes))
        return hash_secret_raw(secret, salt, passes, memory, lanes, length, kind)

    monkeypatch.setattr("idp.crypto.passwords.hash_secret_raw", counting)
    HASHER.spend_the_same_time("guess")
    HASHER.verify(STORED, "correct horse")
    assert done[0] == done[1]


def test_the_default_cost_is_the_one_recommended() -> None:
    stored = PasswordHasher({"p1": b"1" * 32}, "p1").hash("correct horse")
    assert "$m=19456,t=2,p=1$" in stored


def test_peppers_that_cannot_work_are_refused() -> None:
    for peppers, current in (({}, "p1"), ({"p1": b"1"}, "p2"), ({"p$1": b"1"}, "p$1")):
        with pytest.raises(InvalidKey):
            PasswordHasher(peppers, current, CHEAP)
