"""SM2 by each engine, beside ``openssl speed sm2``, on one core."""

import re
import subprocess
from collections.abc import Iterator

from bench.measurement import Measurement, per_second
from idp.crypto import engines, sm2

SECONDS = 2.0
ROUNDS = 3
MESSAGE = b"a signing input of usual length " * 10


def measure() -> Iterator[Measurement]:
    """Signing and verification for every engine. The best of three rounds each, as a shared machine only ever slows down."""
    key = sm2.PrivateKey.generate()
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, rate in (*openssl_speed().items(), *_ours(key).items()):
            best[name] = max(best.get(name, 0.0), rate)
    for engine in ("libcrypto", "gmssl"):
        for work in ("sign", "verify"):
            goal = "ratio ≥ 0.90" if (engine, work) == ("libcrypto", "sign") else ""
            yield Measurement(
                f"sm2.{work}.{engine}", best[f"{engine} {work}"], "1/s", best[f"openssl {work}"], "openssl speed sm2", goal
            )


def _ours(key: sm2.PrivateKey) -> dict[str, float]:
    rates = {}
    for name in ("libcrypto", "gmssl"):
        engine = engines.load(name)
        signature = sm2.sign(key, MESSAGE, engine=engine)
        rates[f"{name} sign"] = per_second(lambda engine=engine: sm2.sign(key, MESSAGE, engine=engine), SECONDS)
        rates[f"{name} verify"] = per_second(
            lambda engine=engine, signature=signature: sm2.verify(key.public_key, MESSAGE, signature, engine=engine), SECONDS
        )
    return rates


def openssl_speed() -> dict[str, float]:
    """Signatures and verifications per second of ``openssl speed sm2``."""
    command = ["openssl", "speed", "-seconds", str(int(SECONDS)), "sm2"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"CurveSM2\)?\s+[\d.]+s\s+[\d.]+s\s+([\d.]+)\s+([\d.]+)", said)
    if found is None:
        raise SystemExit("This openssl has no SM2 to stand beside.")
    return {"openssl sign": float(found[1]), "openssl verify": float(found[2])}
