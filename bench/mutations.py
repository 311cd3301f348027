"""A hundred thousand broken tokens: how many get through, and how many end in anything but the one typed error."""

from collections.abc import Iterator

from bench.measurement import Measurement
from idp.crypto.errors import InvalidToken
from idp.crypto.jose import KeySet, generate_signer, jwt
from tests.unit.crypto.mutations import mutated

COUNT = 100_000
ALGORITHMS = ("SGD_SM3_SM2", "RS256", "ES256", "PS256")


def measure() -> Iterator[Measurement]:
    """Shared out evenly between the four algorithms."""
    signers = [generate_signer(name) for name in ALGORITHMS]
    keys = KeySet([signer.public_jwk() for signer in signers])
    accepted = untyped = 0
    for seed, signer in enumerate(signers):
        token = jwt.encode({"iss": "https://id.example.edu.cn", "sub": "某人"}, signer)
        for text in mutated(token, COUNT // len(signers), seed):
            try:
                jwt.decode(text, keys, algorithms=ALGORITHMS, typ="JWT")
            except InvalidToken:
                continue
            except Exception:  # noqa: BLE001 - what else it may raise is the question
                untyped += 1
            else:
                accepted += 1
    yield Measurement("tokens.mutated", COUNT, "tokens")
    yield Measurement("tokens.mutated.accepted", accepted, "tokens", goal="0")
    yield Measurement("tokens.mutated.untyped_error", untyped, "tokens", goal="0")
