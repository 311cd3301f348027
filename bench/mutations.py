"""Broken inputs of every format that comes from outside: how many get through as something the writer would not write, and how many
end in anything but the one typed error. A million of each, on every core; MUTATIONS=number for another count.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache

from bench.measurement import Measurement
from idp.crypto.errors import InvalidToken
from idp.crypto.jose import KeySet, generate_signer, jwt
from tests.unit.crypto.der_formats import Format, Verdict, formats
from tests.unit.crypto.der_mutations import Mutator
from tests.unit.crypto.mutations import mutated

COUNT = int(os.environ.get("MUTATIONS", "1000000"))
TOKENS = 100_000
SLICE = 5_000  # mutants of one task
ALGORITHMS = ("SGD_SM3_SM2", "RS256", "ES256", "PS256")
WRONG = (Verdict.LOOSE, Verdict.UNTYPED)


def measure() -> Iterator[Measurement]:
    """Tokens, then each format."""
    yield from _tokens()
    with ProcessPoolExecutor() as pool:
        for name in _formats():
            yield from _format(pool, name)


def _format(pool: ProcessPoolExecutor, name: str) -> Iterator[Measurement]:
    found: Counter[str] = Counter()
    seeds = range(0, COUNT, SLICE)
    for verdicts, wrong in pool.map(_judge, [name] * len(seeds), seeds):
        found += verdicts
        if wrong:  # to become a vector
            print("\n".join(wrong), file=sys.stderr)
        print(f"\r{name}: {found.total():,} of {COUNT:,}", end="", file=sys.stderr, flush=True)
    print(f"\r{name}: {dict(found)}", file=sys.stderr)
    unit = name.replace(" ", "_").replace(",", "")
    yield Measurement(f"mutations.{unit}", found.total(), "inputs", goal=f"{1_000_000:,}")
    yield Measurement(f"mutations.{unit}.refused", found[Verdict.REFUSED], "inputs")
    for verdict in WRONG:
        yield Measurement(f"mutations.{unit}.{verdict}", found[verdict], "inputs", goal="0")


@cache
def _formats() -> dict[str, Format]:
    """Once a process, each with keys of its own."""
    return formats()


def _judge(name: str, seed: int) -> tuple[Counter[str], list[str]]:
    """How often which verdict, and the mutants that should not be."""
    form, found, wrong = _formats()[name], Counter[str](), list[str]()
    for mutant in Mutator(form.samples, seed).take(min(SLICE, COUNT - seed)):
        verdict = form.judge(mutant)
        found[verdict.value] += 1
        if verdict in WRONG:
            wrong.append(f"{name} {verdict}: {mutant.hex()}")
    return found, wrong[:5]


def _tokens() -> Iterator[Measurement]:
    """Shared out evenly between the four algorithms."""
    signers = [generate_signer(name) for name in ALGORITHMS]
    keys = KeySet([signer.public_jwk() for signer in signers])
    accepted = untyped = 0
    for seed, signer in enumerate(signers):
        token = jwt.encode({"iss": "https://id.example.edu.cn", "sub": "某人"}, signer)
        for text in mutated(token, min(COUNT, TOKENS) // len(signers), seed):
            try:
                jwt.decode(text, keys, algorithms=ALGORITHMS, typ="JWT")
            except InvalidToken:
                continue
            except Exception:  # noqa: BLE001 - what else it may raise is the question
                untyped += 1
            else:
                accepted += 1
    yield Measurement("tokens.mutated", min(COUNT, TOKENS), "tokens")
    yield Measurement("tokens.mutated.accepted", accepted, "tokens", goal="0")
    yield Measurement("tokens.mutated.untyped_error", untyped, "tokens", goal="0")
