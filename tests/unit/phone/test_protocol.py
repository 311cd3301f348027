"""The phone's own program, run by Node, against a server of ours: an honest one, and every kind of malicious one."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.crypto import engines, sm2, sm3
from idp.crypto.cosign import encoding, keygen, refresh
from idp.crypto.cosign.encoding import random_scalar, write_point
from idp.crypto.cosign.keygen import Offer, Opening
from idp.crypto.cosign.proofs import PairProof, Proof, prove
from idp.crypto.cosign.signing import Answer, Binding, ProvenRequest, Request, answer, check_request
from idp.crypto.curve import GX, GY
from tests.services.processes import ROOT, needed

ARITHMETIC = engines.load("libcrypto").arithmetic
MESSAGE = "YIMA-COSIGN-LOGIN-1\n登录选课系统"
COUNT = 20


class Refused(Exception):
    """The phone refused, and said why."""


class Program:
    """The program: a call at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, call: str, *arguments: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": call, "with": arguments}, ensure_ascii=False) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        if "refused" in said:
            raise Refused(said["refused"])
        return said["result"]


@pytest.fixture(scope="module")
def phone() -> Iterator[Program]:
    command = [needed("node", "apt install nodejs"), ROOT / "phone" / "test" / "bridge.mjs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        yield Program(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(15)


def offered(offer: Offer) -> dict[str, object]:
    return {"point": write_point(offer.point), "proof": [offer.proof.challenge.hex(), offer.proof.answer.hex()]}


def bound(binding: Binding) -> dict[str, str]:
    """What the phone has shown."""
    texts = {"kid": binding.kid, "transaction": binding.transaction, "number": binding.number}
    return {**texts, "message": binding.message.decode(), "joint": write_point(binding.joint)}


class Key:
    """A key that the program and we have made together."""

    def __init__(self, phone: Program, session: str) -> None:
        begun = phone("commit", session)
        committed = encoding.read_digest(begun["commitment"])
        offer = keygen.offer(ARITHMETIC, session, committed)
        opened = phone("open", session, offered(offer))
        proof = Proof(*(encoding.read_scalar(text) for text in opened["proof"]))
        points = [encoding.read_point(opened[name]) for name in ("point", "joint")]
        keygen.accept(
            ARITHMETIC, offer.share, session, committed, Opening(points[0], proof, bytes.fromhex(opened["blind"]), points[1])
        )
        self.d1, self.d2, self.point, self.joint = begun["d1"], offer.share, *points

    def binding(self, transaction: str, message: str = MESSAGE) -> Binding:
        return Binding("kid", transaction, "42", message.encode(), self.joint)


def asked(phone: Program, key: Key, binding: Binding) -> Request:
    sent = phone("request", bound(binding), key.d1)
    assert sent["digest"] == sm3.digest(binding.message).hex()
    proof = PairProof(*(encoding.read_scalar(text) for text in sent["proof"]))
    return Request(encoding.read_point(sent["point"]), proof)


def told(answered: Answer) -> dict[str, str]:
    return {"r": answered.r.hex(), "s1": answered.s1.hex()}


@pytest.fixture(scope="module")
def key(phone: Program) -> Key:
    return Key(phone, "session")


def test_twenty_of_twenty_signatures_are_ordinary(phone: Program, key: Key) -> None:
    for number in range(COUNT):
        binding = key.binding(f"transaction-{number}", f"{MESSAGE} {number}")
        proven = check_request(ARITHMETIC, binding, key.point, asked(phone, key, binding))
        made = phone("finish", bound(binding), key.d1, told(answer(ARITHMETIC, key.d2, proven)))
        for engine in ("gmssl", "libcrypto"):
            signature = bytes.fromhex(made["r"] + made["s"])
            sm2.verify(sm2.PublicKey(key.joint), binding.message, signature, engine=engines.load(engine))


def test_a1_the_phone_releases_nothing_that_is_not_over_what_it_showed(phone: Program, key: Key) -> None:
    binding = key.binding("a1")
    request = asked(phone, key, binding)
    other = answer(ARITHMETIC, key.d2, ProvenRequest(key.binding("a1", "转走所有学分"), request.point))
    with pytest.raises(Refused, match="signed something else"):
        phone("finish", bound(binding), key.d1, told(other))


@pytest.mark.parametrize("part", ["r", "s1"])
def test_a1_a_changed_answer_gives_no_signature(phone: Program, key: Key, part: str) -> None:
    binding = key.binding("changed")
    proven = check_request(ARITHMETIC, binding, key.point, asked(phone, key, binding))
    answered = told(answer(ARITHMETIC, key.d2, proven)) | {part: random_scalar().hex()}
    with pytest.raises(Refused, match="signed something else"):
        phone("finish", bound(binding), key.d1, answered)


def test_a6_a_server_without_a_proof_of_its_share_makes_no_key(phone: Program) -> None:
    begun = phone("commit", "rogue")
    committed = encoding.read_digest(begun["commitment"])
    own = random_scalar()
    # Made so that the joint key would be [own]G: [d1]([own]G + G).
    one = (1).to_bytes(32, "big")
    forged = ARITHMETIC.multiply(bytes.fromhex(begun["d1"]), ARITHMETIC.multiply(ARITHMETIC.sum(own, one)))
    proof = prove(ARITHMETIC, own, forged, keygen.server_context("rogue", committed))
    with pytest.raises(Refused, match="does not know its share"):
        phone("open", "rogue", {"point": write_point(forged), "proof": [proof.challenge.hex(), proof.answer.hex()]})


def test_a6_a_proof_of_another_session_makes_no_key(phone: Program) -> None:
    committed = encoding.read_digest(phone("commit", "this")["commitment"])
    offer = keygen.offer(ARITHMETIC, "another", committed)
    with pytest.raises(Refused, match="does not know its share"):
        phone("open", "this", offered(offer))


@pytest.mark.parametrize(
    "point", ["", "00", f"04{GX:064x}{GY + 1:064x}", f"04{0:064x}{0:064x}", f"02{GX:064x}", f"04{GX:064X}{GY:064X}", 4, None]
)
def test_a7_a_point_off_the_curve_or_in_another_spelling_makes_no_key(phone: Program, point: object) -> None:
    phone("commit", "bad point")
    with pytest.raises(Refused):
        phone("open", "bad point", {"point": point, "proof": ["01".rjust(64, "0")] * 2})


@pytest.mark.parametrize("scalar", ["", "0" * 64, "f" * 64, "1" * 63, "G" * 64, 1, None])
def test_a7_a_scalar_out_of_range_is_no_answer(phone: Program, key: Key, scalar: object) -> None:
    binding = key.binding("a7")
    asked(phone, key, binding)
    for answered in ({"r": scalar, "s1": "1" * 64}, {"r": "1" * 64, "s1": scalar}):
        with pytest.raises(Refused):
            phone("finish", bound(binding), key.d1, answered)


def test_a_refreshed_share_signs_and_the_old_one_gets_no_answer(phone: Program, key: Key) -> None:
    factor = random_scalar()
    after = refresh.refreshed(ARITHMETIC, key.d2, key.point, factor)
    made = phone("refresh", "kid", 2, write_point(key.joint), key.d1, factor.hex())
    proof = Proof(*(encoding.read_scalar(text) for text in made["proof"]))
    refresh.check_taken(ARITHMETIC, proof, after.phone_point, "kid", 2, key.joint)
    binding = key.binding("refreshed")
    sent = phone("request", bound(binding), made["d1"])
    request = Request(encoding.read_point(sent["point"]), PairProof(*(bytes.fromhex(text) for text in sent["proof"])))
    answered = answer(ARITHMETIC, after.share, check_request(ARITHMETIC, binding, after.phone_point, request))
    signature = phone("finish", bound(binding), made["d1"], told(answered))
    sm2.verify(sm2.PublicKey(key.joint), binding.message, bytes.fromhex(signature["r"] + signature["s"]))


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=300))
def test_its_sm3_is_the_standards(phone: Program, data: bytes) -> None:
    assert phone("sm3", data.hex()) == sm3.digest(data).hex()


@pytest.mark.parametrize("length", [0, 1, 55, 56, 63, 64, 65, 119, 120, 128])
def test_its_sm3_pads_as_the_standard_says(phone: Program, length: int) -> None:
    assert phone("sm3", (b"a" * length).hex()) == sm3.digest(b"a" * length).hex()


MEMBERS: dict[str, object] = {
    "acr": "urn:yima:acr:3",
    "client_id": "app",
    "client_name": "选课系统",
    "exp": 1_790_000_120,
    "iat": 1_790_000_000,
    "ip_text": "203.0.113.7",
    "iss": "https://id.example.edu.cn",
    "kid": "kid",
    "nonce": "n",
    "purpose": "login",
    "sub": "P2345",
    "tx": "tx",
}


def text_of(members: dict[str, object]) -> str:
    return "YIMA-COSIGN-LOGIN-1\n" + json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_a_message_is_read_whole(phone: Program) -> None:
    assert phone("message", text_of(MEMBERS), "kid", "tx") == MEMBERS


GOOD = text_of(MEMBERS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        GOOD.removeprefix("YIMA-COSIGN-LOGIN-1\n"),
        GOOD.replace("LOGIN-1", "LOGIN-2"),
        GOOD + " ",
        GOOD.replace('","', '", "', 1),
        GOOD.replace('"tx":"tx"', '"tx":"tx","tx":"tx"'),
        GOOD.replace('"acr"', '"ac\\u0072"'),
        GOOD.replace("选", "\\u9009"),
        text_of({**MEMBERS, "amount": "1000000"}),
        text_of({name: value for name, value in MEMBERS.items() if name != "ip_text"}),
        text_of({**MEMBERS, "purpose": "transfer"}),
        text_of({**MEMBERS, "kid": "other"}),
        text_of({**MEMBERS, "tx": "other"}),
        text_of({**MEMBERS, "iat": "1790000000"}),
        text_of({**MEMBERS, "exp": 1.5}),
        text_of({**MEMBERS, "client_name": None}),
        "YIMA-COSIGN-LOGIN-1\n[]",
        "YIMA-COSIGN-LOGIN-1\nnull",
    ],
)
def test_a_message_that_could_not_be_shown_whole_is_not_signed(phone: Program, text: str) -> None:
    with pytest.raises(Refused, match="not one of ours"):
        phone("message", text, "kid", "tx")


@pytest.mark.parametrize(
    "pin", ["123456", "987654", "890123", "111111", "121212", "123123", "123321", "112233", "520131", "147258"]
)
def test_a_pin_that_people_choose_first_is_refused(phone: Program, pin: str) -> None:
    assert phone("weakness", pin) == "common"


@pytest.mark.parametrize(
    ("pin", "why"), [("", "short"), ("12957", "short"), ("1" * 13, "long"), ("12957a", "digits"), ("１２９５７３", "digits")]
)
def test_a_pin_that_is_none_is_refused(phone: Program, pin: str, why: str) -> None:
    assert phone("weakness", pin) == why


@pytest.mark.parametrize("pin", ["295731", "804617", "5820496371"])
def test_a_pin_of_ones_own_is_taken(phone: Program, pin: str) -> None:
    assert phone("weakness", pin) is None
