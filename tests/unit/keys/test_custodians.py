"""The master key among custodians: any k shares restore it, as another implementation agrees, and what is wrong is named."""

import itertools
import secrets
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic.shamir import RawShare, _interpolate
from sqlalchemy import select

from idp.audit import Action
from idp.audit.tables import AuditEvent
from idp.crypto import sm2
from idp.deployment import Deployment
from idp.errors import YimaError
from idp.keys.custodians import Share, combine, share, sharing, split, splitting
from idp.keys.custodians.share import ShareText
from idp.keys.custodians.splitting import Custodian
from idp.keys.errors import (
    CustodiansUnfit,
    PassphraseTooShort,
    ShareDamaged,
    ShareNotForKey,
    ShareNotOpened,
    SharesDoNotFit,
    SharesMixed,
    SharesTooFew,
    ShareTwice,
)
from idp.keys.master.files import MasterKey
from tests.people import OPERATOR

PASSPHRASE = "violet tram 93 Zürich"
MASTER = MasterKey(bytes(range(32)))
KEY = sm2.PrivateKey.generate()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """600,000 rounds for each share would only take time here."""
    monkeypatch.setattr(share.pbes2, "encrypt", lambda info, password, profile: ENCRYPT(info, password, profile, 10_000))


ENCRYPT = share.pbes2.encrypt


def shares(threshold: int = 3, count: int = 5, set_id: str = "0badcafe") -> list[Share]:
    values = sharing.split(MASTER.secret, shares=count, threshold=threshold)
    return [Share(set_id, index, count, threshold, MASTER.name, value) for index, value in values.items()]


def texts(*which: Share) -> dict[str, ShareText]:
    return {f"{one.set_id}-{one.index}.txt": one.sealed_to("Li Wei", KEY.public_key) for one in which}


def test_every_set_of_k_shares_restores_the_key_and_another_implementation_reads_them_too() -> None:
    for some in itertools.combinations(shares(), 3):
        assert combine(some) == MASTER
        assert _interpolate([RawShare(one.index, one.value) for one in some], 0) == MASTER.secret


def test_shares_that_another_implementation_makes_are_read() -> None:
    # SLIP-39 keeps no value at 0: two points and the secret there are a polynomial of its own.
    points = [RawShare(0, MASTER.secret), RawShare(9, secrets.token_bytes(32)), RawShare(4, secrets.token_bytes(32))]
    made = {x: _interpolate(points, x) for x in (1, 2, 3)}
    assert sharing.combine(made) == MASTER.secret


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.integers(2, 6), st.integers(0, 4))
def test_any_secret_comes_back_and_fewer_shares_give_something_else(secret: bytes, threshold: int, more: int) -> None:
    made = sharing.split(secret, shares=threshold + more, threshold=threshold)
    assert sharing.combine(dict(list(made.items())[-threshold:])) == secret
    assert all(value != secret for value in made.values()) or len(secret) < 8  # a short one may meet itself


def test_multiplication_is_that_of_the_field_of_aes() -> None:
    # FIPS 197 §4.2 and §4.2.1: {57}·{83} = {c1}, {57}·{13} = {fe}.
    assert (sharing._multiply(0x57, 0x83), sharing._multiply(0x57, 0x13)) == (0xC1, 0xFE)
    assert all(sharing._multiply(x, sharing._inverse(x)) == 1 for x in range(1, 256))


def test_one_share_less_fits_every_secret_equally() -> None:
    """Two of three shares and any secret at all lie on one polynomial: so they tell nothing."""
    known = {one.index: one.value for one in shares()[:2]}
    for secret in (bytes(32), MASTER.secret, b"\xff" * 32):
        third = sharing.combine({x ^ 3: value for x, value in {0: secret, **known}.items()})  # the value at x = 3
        assert sharing.combine({**known, 3: third}) == secret


@pytest.mark.parametrize(("threshold", "count"), [(1, 5), (0, 5), (6, 5), (2, 256)])
def test_numbers_that_make_no_sense_are_refused(threshold: int, count: int) -> None:
    with pytest.raises(ValueError, match=str(threshold)):
        sharing.split(MASTER.secret, shares=count, threshold=threshold)
    with pytest.raises(CustodiansUnfit):
        splitting.check_custodians([f"custodian {n}" for n in range(count)], threshold)


@pytest.mark.parametrize(
    "names", [["a", "a", "b"], ["a", "", "b"], ["a", " b", "c"], ["a", "b\n", "c"], ["a", "b" * 65, "c"], ["a"]]
)
def test_custodians_are_different_people_with_names(names: list[str]) -> None:
    with pytest.raises(CustodiansUnfit):
        splitting.check_custodians(names, 2)


def test_a_share_opens_with_its_passphrase_whatever_keyboard_typed_it() -> None:
    one = shares()[0]
    text = share.read(str(one.sealed_for("李老师", PASSPHRASE)).encode(), source="1.txt")
    assert text.open(PASSPHRASE.replace("ü", "u\N{COMBINING DIAERESIS}")) == one
    assert (text.custodian, text.index, text.threshold) == ("李老师", 1, 3)
    for wrong in ("violet tram 94 Zürich", "", None):
        with pytest.raises(ShareNotOpened):
            text.open(wrong, source="1.txt")


def test_a_share_to_a_key_opens_with_that_key() -> None:
    one = shares()[1]
    text = share.read(str(one.sealed_to("Li Wei", KEY.public_key)).encode(), source="2.txt")
    assert text.open(key=KEY) == one
    for other in (sm2.PrivateKey.generate(), None):
        with pytest.raises(ShareNotForKey):
            text.open(PASSPHRASE, other)


def test_a_share_that_was_typed_in_wrongly_is_named() -> None:
    printed = str(shares()[0].sealed_for("Li Wei", PASSPHRASE))
    assert share.read(("> scanned\r\n\r\n" + printed.replace("\n", "\r\n")).encode(), source="1.txt").index == 1
    wrong = [
        printed.replace("Share: 1", "Share: 2"),
        printed.replace("Li Wei", "Li Wai"),
        printed.replace("any 3", "any 2"),
        printed[: len(printed) // 2],
        printed + printed,
        printed.replace("M", "N"),
        "",
        "x" * 20_000,
        "\x00",
    ]
    body = printed.index("SHARE-----\n") + len("SHARE-----\n")
    swapped = printed[:body] + printed[body + 1] + printed[body] + printed[body + 2 :]  # two letters changed places
    for text in [*wrong, swapped.replace("MI", "MJ")]:
        with pytest.raises(ShareDamaged) as error:
            share.read(text.encode(), source="drawer.txt")
        assert error.value.params["file"] == "drawer.txt"
    with pytest.raises(ShareDamaged):
        share.read(b"\xff\xfe", source="drawer.txt")


def test_what_a_share_says_outside_must_be_what_it_holds() -> None:
    one = shares()[0]
    forged = replace(one.sealed_to("Li Wei", KEY.public_key), index=2)  # with a check that fits
    with pytest.raises(ShareDamaged):
        share.read(str(forged).encode(), source="1.txt").open(key=KEY)


@pytest.mark.parametrize(
    ("which", "error"),
    [
        ([0, 1], SharesTooFew),
        ([0], SharesTooFew),
        ([0, 1, 1], ShareTwice),
        ([0, 1, 7], SharesMixed),
    ],
)
def test_wrong_sets_are_refused_before_anybody_types_a_passphrase(which: list[int], error: type[YimaError]) -> None:
    both = [*shares(), *shares(set_id="00000001")]
    chosen = {f"file{place}": next(iter(texts(both[index]).values())) for place, index in enumerate(which)}
    with pytest.raises(error):
        splitting.check_set(chosen)


def test_the_error_names_which_shares_belong_where() -> None:
    with pytest.raises(SharesMixed) as error:
        splitting.check_set(texts(*shares()[:2], shares(set_id="00000001")[3]))
    told = str(error.value.params["sets"])
    assert "0badcafe-1.txt, 0badcafe-2.txt (0badcafe" in told
    assert "00000001-4.txt (00000001" in told


def test_a_changed_share_does_not_pass_for_a_master_key() -> None:
    some = shares()[:3]
    with pytest.raises(SharesDoNotFit):
        combine([*some[:2], replace(some[2], value=bytes(32))])


def test_the_journal_keeps_who_and_the_fingerprints_and_no_share(deployment: Deployment) -> None:
    people = [Custodian("Li Wei", PASSPHRASE), Custodian("王芳", key=KEY.public_key), Custodian("Zhang", PASSPHRASE)]
    with deployment.transaction(OPERATOR) as tx:
        made = split(tx, MASTER, people, 2)
    assert combine([made[0].open(PASSPHRASE), made[1].open(key=KEY)]) == MASTER
    with deployment.reading() as session:
        detail = session.scalars(select(AuditEvent.detail).where(AuditEvent.action == Action.MASTER_SPLIT.value)).one()
    assert [one["custodian"] for one in detail["shares"]] == ["Li Wei", "王芳", "Zhang"]
    assert [one["sm3"] for one in detail["shares"]] == [one.fingerprint for one in made]
    assert "BEGIN" not in str(detail)
    assert made[0].open(PASSPHRASE).value.hex() not in str(detail)
    with pytest.raises(PassphraseTooShort), deployment.transaction(OPERATOR) as tx:
        split(tx, MASTER, [Custodian("a", "short"), Custodian("b", "short")], 2)
