"""The command."""

import json
import sys
from pathlib import Path

from examples.signature_verifier.verify import InvalidEvidence, verify

if len(sys.argv) != 2:
    sys.exit("Usage: python -m examples.signature_verifier FILE.json")
try:
    message = verify(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
except (InvalidEvidence, ValueError, OSError) as error:
    sys.exit(f"NOT valid: {error}")
sys.stdout.write(f"Valid. What was signed:\n{message}\n")
