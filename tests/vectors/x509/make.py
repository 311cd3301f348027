"""Writes the vectors anew: ``python -m tests.vectors.x509.make``. What comes out is the same each time."""

import json
from pathlib import Path

from idp.crypto import pem
from tests.vectors.x509.certificates import certificates, chain, good
from tests.vectors.x509.others import key_files, lists, questions, requests

HERE = Path(__file__).parent


def files() -> dict[str, bytes]:
    """By the path below this folder: what stands in the file."""
    made = {f"authorities/{name}.pem": pem.encode("CERTIFICATE", der) for name, der in chain().items()}
    made["certificates/good.pem"] = pem.encode("CERTIFICATE", good())
    made |= {
        f"certificates/{name}.pem": "".join(pem.encode("CERTIFICATE", der) for der in path) for name, path in certificates().items()
    }
    made |= {f"requests/{name}.pem": pem.encode("CERTIFICATE REQUEST", der) for name, der in requests().items()}
    made |= {f"lists/{name}.pem": pem.encode("X509 CRL", der) for name, der in lists().items()}
    encoded = {name: text.encode() for name, text in made.items()}
    encoded |= {f"questions/{name}.der": der for name, der in questions().items()}
    # Key files stand in one file, label and hexadecimal, so that no scanner takes them for keys that somebody lost.
    blocks = {name: [[label, der.hex()] for label, der in held] for name, held in key_files().items()}
    encoded["key_files.json"] = (json.dumps(blocks, indent=1) + "\n").encode()
    return encoded


def main() -> None:
    """Writes them."""
    for name, content in files().items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
