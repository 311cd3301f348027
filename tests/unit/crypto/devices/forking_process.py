"""A process that signs, forks, and signs in both: ``python -m … LIBRARY``. Says on a line what each found."""

import os
import sys
from pathlib import Path

from idp.crypto import sm2
from idp.crypto.devices.signer import adopted
from idp.crypto.jose.sm2_key import SM2Key
from tests.services.sdf_device import FOLDER, StubDevice


def main() -> None:
    """Exits by the child's result."""
    stub = StubDevice(Path(os.environ[FOLDER]), Path(sys.argv[1]))
    device = stub.device()
    signer = adopted(device, 1)
    key = SM2Key.from_jwk(signer.public_jwk()).public_key
    child = os.fork()
    who = "parent" if child else "child"
    sm2.verify(key, b"after", signer.sign(b"after"))
    device.close()
    print(who, "signed", flush=True)
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os._exit(0)


main()
