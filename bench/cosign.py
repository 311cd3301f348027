"""Co-signing on one core, beside ``openssl speed sm2``: the server's answer, and whole ceremonies, the phone's side in Python."""

from collections.abc import Iterator

from bench.crypto import openssl_speed
from bench.measurement import Measurement, per_second
from idp.crypto import engines
from idp.crypto.cosign.signing import Binding, answer, check_request, check_signature
from tests.cosigning.share import make_key

SECONDS = 2.0
ROUNDS = 3
MULTIPLICATIONS = 4  # of a point by a number: two to check the phone's proofs, two for the server's point


def measure() -> Iterator[Measurement]:
    """The best of three rounds each, as a shared machine only ever slows down. No database: that part is the sign-in's."""
    arithmetic = engines.load("libcrypto").arithmetic
    share, offer = make_key(arithmetic)
    binding = Binding("kid", "transaction", "42", b"a message of usual length " * 12, share.joint)
    _, request = share.request(binding)

    def answered() -> None:
        answer(arithmetic, offer.share, check_request(arithmetic, binding, share.point, request))

    def ceremony() -> None:
        nonce, fresh = share.request(binding)
        signature = share.finish(
            binding, nonce, answer(arithmetic, offer.share, check_request(arithmetic, binding, share.point, fresh))
        )
        check_signature(binding, signature)

    def multiplied() -> None:
        arithmetic.multiply(offer.share)

    best = {"answer": 0.0, "ceremony": 0.0, "openssl": 0.0, "multiplication": 0.0}
    for _ in range(ROUNDS):
        for name, rate in (
            ("openssl", openssl_speed()["openssl sign"]),
            ("multiplication", per_second(multiplied, SECONDS)),
            ("answer", per_second(answered, SECONDS)),
            ("ceremony", per_second(ceremony, SECONDS)),
        ):
            best[name] = max(best[name], rate)
    yield Measurement("cosign.answer", 1000 / best["answer"], "ms", 1000 / best["openssl"], "openssl sm2 sign", "≤ 2.0 ms")
    floor = 1000 * MULTIPLICATIONS / best["multiplication"]
    yield Measurement("cosign.answer_floor", 1000 / best["answer"], "ms", floor, f"{MULTIPLICATIONS} multiplications")
    yield Measurement("cosign.ceremony", best["ceremony"], "1/s", best["openssl"], "openssl sm2 sign", "≥ 250 per second and core")
