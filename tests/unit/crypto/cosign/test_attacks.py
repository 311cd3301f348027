"""The attacks that the bare protocols fall to, each refused.

The numbers are those of ``docs/specs/co-signing.md``. For some, the first half of a test shows that the attack would work if the
check were not there: a refusal of what is harmless anyway would prove nothing.
"""

import hashlib
import secrets
from dataclasses import replace

import pytest

from idp.crypto import sm2, sm3
from idp.crypto.cosign import encoding, keygen, transcript
from idp.crypto.cosign.encoding import random_scalar
from idp.crypto.cosign.proofs import PairProof, prove
from idp.crypto.cosign.signing import Answer, ProvenRequest, Request, answer
from idp.crypto.curve import GX, GY, N, P
from idp.crypto.der import ciphertext_from_der
from idp.crypto.engines import Engine
from idp.crypto.errors import InvalidEncoding, InvalidKey, InvalidProof, InvalidSignature
from tests.cosigning.share import Share, make_key, prove_pair
from tests.unit.crypto.cosign.conftest import Ceremony

OTHER_MESSAGE = "YIMA-COSIGN-LOGIN-1\n转走所有学分".encode()
MINUS_BASE = GX.to_bytes(32, "big") + (P - GY).to_bytes(32, "big")


def number(scalar: bytes) -> int:
    return int.from_bytes(scalar, "big")


def scalar(value: int) -> bytes:
    return (value % N).to_bytes(32, "big")


def test_a1_a_server_that_signs_another_message_than_it_showed_gets_no_signature(ceremony: Ceremony) -> None:
    nonce, request = ceremony.share.request(ceremony.binding)
    other = replace(ceremony.binding, message=OTHER_MESSAGE)
    answered = answer(ceremony.arithmetic, ceremony.d2, ProvenRequest(other, request.point))
    # A phone that does not look hands a good signature over something else out.
    sm2.verify(sm2.PublicKey(ceremony.share.joint), OTHER_MESSAGE, ceremony.share.combine(nonce, answered))
    with pytest.raises(InvalidSignature):
        ceremony.share.finish(ceremony.binding, nonce, answered)


def test_a2_a_phone_that_wants_another_message_signed_is_refused(ceremony: Ceremony) -> None:
    _, request = ceremony.share.request(replace(ceremony.binding, message=OTHER_MESSAGE))
    with pytest.raises(InvalidProof):
        ceremony.check(request)


def test_a2_nothing_that_a_phone_sends_becomes_the_digest(ceremony: Ceremony) -> None:
    nonce, request = ceremony.share.request(ceremony.binding)
    answered = answer(ceremony.arithmetic, ceremony.d2, ceremony.check(request))
    with pytest.raises(InvalidSignature):
        sm2.verify(sm2.PublicKey(ceremony.share.joint), OTHER_MESSAGE, ceremony.share.combine(nonce, answered))


def test_a3_two_answers_never_have_one_nonce(ceremony: Ceremony) -> None:
    def share_from(first: Answer, second: Answer) -> bytes:
        """d2 = (s1 - s1') / (r - r'), if both were made with one nonce."""
        return scalar((number(first.s1) - number(second.s1)) * pow(number(first.r) - number(second.r), -1, N))

    nonce = random_scalar()
    careless = [
        Answer(r, ceremony.arithmetic.product(ceremony.d2, scalar(number(r) + number(nonce))))
        for r in (bytes(31) + b"\x05", bytes(31) + b"\x09")
    ]
    assert share_from(*careless) == ceremony.d2
    proven = ceremony.check(ceremony.share.request(ceremony.binding)[1])
    answers = [answer(ceremony.arithmetic, ceremony.d2, proven) for _ in range(10)]
    assert len({one.r for one in answers}) == 10
    assert all(share_from(answers[0], other) != ceremony.d2 for other in answers[1:])


def test_a4_a_signing_request_does_not_decrypt(ceremony: Ceremony) -> None:
    """[s1]P2 - [r]G - … gives [d2⁻¹]X for any X that somebody may ask about, and with it what was encrypted to the key."""
    arithmetic, share = ceremony.arithmetic, ceremony.share
    c1, c3, c2 = ciphertext_from_der(sm2.encrypt(sm2.PublicKey(share.joint), b"secret"))
    # The oracle, were it there: d·C1 = d1⁻¹·(d2⁻¹·C1) - C1.
    oracle = arithmetic.multiply(arithmetic.inverse(ceremony.d2), c1)
    negative = c1[:32] + (P - number(c1[32:])).to_bytes(32, "big")
    shared = arithmetic.add(arithmetic.multiply(share.inverse, oracle), negative)
    assert bytes(a ^ b for a, b in zip(c2, sm3.kdf(shared, len(c2)), strict=True)) == b"secret"
    assert sm3.digest(shared[:32] + b"secret" + shared[32:]) == c3
    # Nobody knows the number behind C1 but who encrypted: no proof for it can be made.
    proof = prove_pair(arithmetic, share.inverse, random_scalar(), (share.point, c1), ceremony.binding.context)
    with pytest.raises(InvalidProof):
        ceremony.check(Request(c1, proof))


def test_a5_a_stolen_phone_gets_no_answer_to_try_pins_against(ceremony: Ceremony) -> None:
    arithmetic = ceremony.arithmetic
    blinded, salt = ceremony.share.d1, secrets.token_bytes(16)
    stored = scalar(number(blinded) - number(_pin(b"135790", salt)))  # what lies on the phone: u = d1 - H(PIN)
    assert scalar(number(stored) + number(_pin(b"135790", salt))) == blinded
    for guess in (b"111111", b"135791"):
        thief = Share(arithmetic, scalar(number(stored) + number(_pin(guess, salt))), ceremony.share.joint)
        _, request = thief.request(ceremony.binding)
        with pytest.raises(InvalidProof):
            ceremony.check(request)


def _pin(pin: bytes, salt: bytes) -> bytes:

    return scalar(number(hashlib.pbkdf2_hmac("sha256", pin, salt, 1, 48)))


def test_a6_a_server_that_returns_a_point_made_to_fit_has_no_proof(engine: Engine) -> None:
    arithmetic = engine.arithmetic
    share = Share.new(arithmetic)
    committed, closed = share.commit("session")
    # With the phone's point known beforehand, [x + 1]P1⁻¹ … would give the joint key [x]G to the server alone.
    own = random_scalar()
    rogue = arithmetic.add(arithmetic.multiply(own), arithmetic.multiply(bytes(31) + b"\x01"))
    forged = arithmetic.multiply(share.d1, rogue)
    assert arithmetic.add(arithmetic.multiply(share.inverse, forged), MINUS_BASE) == arithmetic.multiply(own)
    context = keygen.server_context("session", committed)
    with pytest.raises(InvalidProof):
        share.open("session", committed, closed, forged, prove(arithmetic, own, forged, context))


def test_a6_a_proof_for_another_commitment_does_not_serve(engine: Engine) -> None:
    share = Share.new(engine.arithmetic)
    committed, closed = share.commit("session")
    offer = keygen.offer(engine.arithmetic, "session", bytes(32))
    with pytest.raises(InvalidProof):
        share.open("session", committed, closed, offer.point, offer.proof)


@pytest.mark.parametrize("session", ["session", "another"])
def test_a6_a_phone_cannot_choose_its_point_after_it_has_seen_the_servers(engine: Engine, session: str) -> None:
    first, second = Share.new(engine.arithmetic), Share.new(engine.arithmetic)
    committed, _ = first.commit("session")
    offer = keygen.offer(engine.arithmetic, "session", committed)
    later_committed, later_closed = (second if session == "session" else first).commit(session)
    opener = second if session == "session" else first
    opening = keygen.Opening(
        later_closed.point,
        later_closed.proof,
        later_closed.blind,
        keygen.joint_point(engine.arithmetic, opener.inverse, offer.point),
    )
    assert later_committed != committed
    with pytest.raises(InvalidProof):
        keygen.accept(engine.arithmetic, offer.share, "session", committed, opening)


def test_a6_a_phone_that_got_another_key_is_refused(engine: Engine) -> None:
    share = Share.new(engine.arithmetic)
    committed, closed = share.commit("session")
    offer = keygen.offer(engine.arithmetic, "session", committed)
    opening = share.open("session", committed, closed, offer.point, offer.proof)
    with pytest.raises(InvalidProof):
        keygen.accept(
            engine.arithmetic, offer.share, "session", committed, replace(opening, joint=engine.arithmetic.multiply(scalar(9)))
        )


def test_a6_a_key_that_would_be_infinity_is_refused(engine: Engine) -> None:
    inverse = random_scalar()
    with pytest.raises(InvalidKey):
        keygen.joint_point(engine.arithmetic, inverse, engine.arithmetic.multiply(engine.arithmetic.inverse(inverse)))


ON_CURVE = f"04{GX:064x}{GY:064x}"


@pytest.mark.parametrize(
    "text",
    [
        f"04{GX:064x}{GY + 1:064x}",
        f"04{GX + 1:064x}{GY:064x}",
        f"04{GX:064x}{GY + P:064x}",
        f"04{0:064x}{0:064x}",
        f"04{P:064x}{GY:064x}",
    ],
)
def test_a7_a_point_off_the_curve_is_refused(text: str) -> None:
    with pytest.raises((InvalidKey, InvalidEncoding)):
        encoding.read_point(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        "04",
        f"02{GX:064x}",
        f"06{GX:064x}{GY:064x}",
        ON_CURVE[2:],
        ON_CURVE.upper(),
        ON_CURVE + "00",
        ON_CURVE + "\n",
        f" {ON_CURVE}",
        f"0x{ON_CURVE}",
        ON_CURVE[:-1] + "g",
        ON_CURVE[:-1] + "１",
    ],
)
def test_a7_a_point_has_one_spelling(text: str) -> None:
    with pytest.raises(InvalidEncoding):
        encoding.read_point(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00" * 32,
        f"{N:064x}",
        f"{N + 1:064x}",
        "ff" * 32,
        "1",
        "0" * 63 + "g",
        "A" * 64,
        "1" * 65,
        "1" * 64 + "\n",
        "-" + "1" * 63,
    ],
)
def test_a7_a_scalar_is_in_its_range_and_has_one_spelling(text: str) -> None:
    with pytest.raises(InvalidEncoding):
        encoding.read_scalar(text)


def test_what_is_written_is_read_again() -> None:
    assert encoding.write_point(encoding.read_point(ON_CURVE)) == ON_CURVE
    assert encoding.read_scalar(f"{N - 1:064x}") == (N - 1).to_bytes(32, "big")


@pytest.mark.parametrize(
    "changed", [{"transaction": "transaction-2"}, {"kid": "other"}, {"number": "43"}, {"number": ""}, {"message": OTHER_MESSAGE}]
)
def test_a_proof_does_not_move_to_another_transaction_number_key_or_message(ceremony: Ceremony, changed: dict[str, object]) -> None:
    _, request = ceremony.share.request(ceremony.binding)
    ceremony.check(request)
    with pytest.raises(InvalidProof):
        ceremony.check(request, replace(ceremony.binding, **changed))  # type: ignore[arg-type]


def test_a_proof_does_not_move_to_another_key(ceremony: Ceremony) -> None:
    other, _ = make_key(ceremony.arithmetic)
    _, request = ceremony.share.request(ceremony.binding)
    with pytest.raises(InvalidProof):
        ceremony.check(request, replace(ceremony.binding, joint=other.joint))


def test_two_hundred_mutated_proofs_are_refused(ceremony: Ceremony) -> None:
    _, request = ceremony.share.request(ceremony.binding)
    ceremony.check(request)
    for trial in range(200):
        fields = {name: bytearray(getattr(request.proof, name)) for name in ("challenge", "first", "second")}
        field = fields[("challenge", "first", "second")[trial % 3]]
        bit = secrets.randbelow(256)
        field[bit // 8] ^= 1 << bit % 8
        if any(not 1 <= number(value) < N for value in fields.values()):
            continue  # does not come through the encoding
        with pytest.raises(InvalidProof):
            ceremony.check(Request(request.point, PairProof(**{name: bytes(value) for name, value in fields.items()})))


def test_a_proof_with_its_halves_exchanged_or_for_another_point_is_refused(ceremony: Ceremony) -> None:
    _, request = ceremony.share.request(ceremony.binding)
    proof = request.proof
    with pytest.raises(InvalidProof):
        ceremony.check(Request(request.point, PairProof(proof.challenge, proof.second, proof.first)))
    with pytest.raises(InvalidProof):
        ceremony.check(Request(ceremony.arithmetic.multiply(scalar(5)), proof))


def test_a_proof_of_infinity_is_refused_and_not_an_error(ceremony: Ceremony) -> None:
    value = random_scalar()
    # [z]G - [c]P1 = O needs z = c·d1⁻¹: who knows the share can send it, and gets the same refusal.
    answer_to = ceremony.arithmetic.product(value, ceremony.share.inverse)
    with pytest.raises(InvalidProof):
        ceremony.check(Request(ceremony.share.point, PairProof(value, answer_to, answer_to)))


def test_no_two_lists_of_parts_have_one_transcript() -> None:
    lists = [("a", b"b", b"c"), ("a", b"bc"), ("a", b"b", b"c", b""), ("ab", b"", b"c"), ("a", b"", b"bc"), ("a",)]
    assert len({transcript.digest(label, *parts) for label, *parts in lists}) == len(lists)  # type: ignore[misc]


def test_secrets_show_in_no_representation(engine: Engine) -> None:
    offer = keygen.offer(engine.arithmetic, "session", bytes(32))
    assert offer.share.hex() not in repr(offer)
    assert repr(offer.share) not in repr(offer)
