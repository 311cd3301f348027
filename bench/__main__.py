"""``python -m bench [PART]``."""

import json
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import cosign, crypto, enrolment, flow, http, mutations, newcomer, otp, phone, pki, roster, sms, sso, tokens
from bench.measurement import Measurement, table

PARTS: dict[str, Callable[[], Iterator[Measurement]]] = {
    "crypto": crypto.measure,
    "cosign": cosign.measure,
    "mutations": mutations.measure,
    "http": http.measure,
    "flow": flow.measure,
    "tokens": tokens.measure,
    "pki": pki.measure,
    "enrolment": enrolment.measure,
    "sso": sso.measure,
    "roster": roster.measure,
    "newcomer": newcomer.measure,
    "otp": otp.measure,
    "phone": phone.measure,
    "sms": sms.measure,
}
RESULTS = Path(__file__).parent / "results.json"


def main(wanted: list[str]) -> None:
    """Runs the parts and prints each figure as it comes."""
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.exit(f"There is no part {unknown[0]}. Parts: {', '.join(PARTS)}")
    found: list[Measurement] = []
    for name, measure in PARTS.items():
        if wanted and name not in wanted:
            continue
        print(f"{name} …", file=sys.stderr)
        found += measure()
    print(table(found))
    machine = {"processor": platform.machine(), "system": platform.system(), "python": platform.python_version()}
    document = {"machine": machine, "measurements": [one.to_json() for one in found]}
    RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nWritten to {RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS}")


if __name__ == "__main__":
    main(sys.argv[1:])
