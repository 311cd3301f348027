"""Secrets at rest."""

import pytest

from idp.crypto.envelope import Envelope
from idp.crypto.errors import DecryptionFailed, InvalidKey, UnknownKey

OLD, NEW = bytes(range(16)), bytes(range(16, 32))


def test_what_is_sealed_opens_in_its_place_only() -> None:
    envelope = Envelope({"k1": OLD}, "k1")
    sealed = envelope.seal(b"secret", context=b"person:1:phone")
    assert envelope.open(sealed, context=b"person:1:phone") == b"secret"
    with pytest.raises(DecryptionFailed):
        envelope.open(sealed, context=b"person:2:phone")


def test_the_text_says_version_and_key_and_nothing_of_the_secret() -> None:
    sealed = Envelope({"k1": OLD}, "k1").seal(b"secret", context=b"")
    assert sealed.startswith("y1.k1.")
    assert "secret" not in sealed


def test_after_a_rotation_old_values_open_and_are_to_be_sealed_again() -> None:
    sealed = Envelope({"k1": OLD}, "k1").seal(b"secret", context=b"c")
    both = Envelope({"k1": OLD, "k2": NEW}, "k2")
    assert both.open(sealed, context=b"c") == b"secret"
    assert both.needs_reseal(sealed)
    again = both.seal(both.open(sealed, context=b"c"), context=b"c")
    assert not both.needs_reseal(again)
    with pytest.raises(UnknownKey):
        Envelope({"k1": OLD}, "k1").open(again, context=b"c")


def test_a_value_moved_to_another_key_id_is_refused() -> None:
    both = Envelope({"k1": OLD, "k2": OLD}, "k2")
    sealed = both.seal(b"secret", context=b"c")
    with pytest.raises(DecryptionFailed):
        both.open(sealed.replace(".k2.", ".k1."), context=b"c")


def test_two_seals_of_one_value_differ() -> None:
    envelope = Envelope({"k1": OLD}, "k1")
    assert envelope.seal(b"x", context=b"") != envelope.seal(b"x", context=b"")


@pytest.mark.parametrize("text", ["", "y1", "y1.k1.AAAA", "y2.k1.AAAA.AAAA", "y1.k1.AAAA.AAAA", "y1.k1.A.A", "y1.k1..", "中.k.a.b"])
def test_a_text_that_is_no_envelope_is_refused(text: str) -> None:
    with pytest.raises(DecryptionFailed):
        Envelope({"k1": OLD}, "k1").open(text, context=b"")


def test_every_changed_character_is_noticed() -> None:
    envelope = Envelope({"k1": OLD}, "k1")
    sealed = envelope.seal(b"secret", context=b"c")
    for at in range(len(sealed)):
        broken = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
        with pytest.raises((DecryptionFailed, UnknownKey)):
            envelope.open(broken, context=b"c")


@pytest.mark.parametrize(("keys", "current"), [({}, "k1"), ({"k1": OLD}, "k2"), ({"k.1": OLD}, "k.1"), ({"k1": OLD[:15]}, "k1")])
def test_keys_that_cannot_work_are_refused(keys: dict[str, bytes], current: str) -> None:
    with pytest.raises(InvalidKey):
        Envelope(keys, current)
