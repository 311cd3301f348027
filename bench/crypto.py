"""SM2 by each engine, and by a device of the tests through GM/T 0018, beside ``openssl speed sm2``, on one core."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measurement import Measurement, per_second
from idp.crypto import engines, sm2
from idp.crypto.devices.signer import SdfSigner, adopted
from tests.services import sdf_device

SECONDS = 2.0
ROUNDS = 3
MESSAGE = b"a signing input of usual length " * 10


def measure() -> Iterator[Measurement]:
    """Signing and verification for every engine. The best of three rounds each, as a shared machine only ever slows down."""
    key = sm2.PrivateKey.generate()
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, device_signer(Path(folder)) as signer:
        for _ in range(ROUNDS):
            device = per_second(lambda: signer.sign(MESSAGE), SECONDS)
            for name, rate in (*openssl_speed().items(), *_ours(key).items(), ("device sign", device)):
                best[name] = max(best.get(name, 0.0), rate)
    for engine in ("libcrypto", "gmssl"):
        for work in ("sign", "verify"):
            goal = "ratio ≥ 0.90" if (engine, work) == ("libcrypto", "sign") else ""
            yield Measurement(
                f"sm2.{work}.{engine}", best[f"{engine} {work}"], "1/s", best[f"openssl {work}"], "openssl speed sm2", goal
            )

    # The device computes in this process, with libcrypto: what it costs is the interface, the session's thread and the copying.
    yield Measurement("sm2.sign.sdf_test_device", best["device sign"], "1/s", best["openssl sign"], "openssl speed sm2")


@contextmanager
def device_signer(folder: Path) -> Iterator[SdfSigner]:
    """A key in the device that the tests use."""
    os.environ[sdf_device.FOLDER] = str(folder)
    device = sdf_device.StubDevice(folder, sdf_device.compiled(folder)).device()
    try:
        yield adopted(device, 1)
    finally:
        device.close()


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


def openssl_speed(seconds: float = SECONDS) -> dict[str, float]:
    """Signatures and verifications per second of ``openssl speed sm2``."""
    command = ["openssl", "speed", "-seconds", str(int(seconds)), "sm2"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"CurveSM2\)?\s+[\d.]+s\s+[\d.]+s\s+([\d.]+)\s+([\d.]+)", said)
    if found is None:
        raise SystemExit("This openssl has no SM2 to stand beside.")
    return {"openssl sign": float(found[1]), "openssl verify": float(found[2])}
