"""Broken inputs, a hundred thousand of each kind: how many get through, and how many end in anything but the one typed error."""

import random
from collections.abc import Iterator

from bench.measurement import Measurement
from idp.crypto.errors import CryptoError, InvalidToken
from idp.crypto.jose import KeySet, generate_signer, jwt
from idp.crypto.x509.timestamp import MessageImprint, TimeStampRequest
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
    yield from _timestamp_questions()


def _timestamp_questions() -> Iterator[Measurement]:
    """One bit of a question for a time-stamp turned: refused, or read as just what a strict writer would have written."""
    source, untyped, loose = random.Random(3161), 0, 0
    der = TimeStampRequest(MessageImprint.of(b"diploma"), "1.2.156.1.2.3", 1 << 63, certificate_wanted=True).encode()
    for _ in range(COUNT):
        mutant = bytearray(der)
        mutant[source.randrange(len(mutant))] ^= 1 << source.randrange(8)
        try:
            loose += TimeStampRequest.from_der(bytes(mutant)).encode() != bytes(mutant)
        except CryptoError:
            continue
        except Exception:  # noqa: BLE001 - what else it may raise is the question
            untyped += 1
    yield Measurement("timestamp_questions.mutated", COUNT, "questions")
    yield Measurement("timestamp_questions.mutated.loose", loose, "questions", goal="0")
    yield Measurement("timestamp_questions.mutated.untyped_error", untyped, "questions", goal="0")
