"""SM2 keys in files: PKCS#8, SEC1 and SubjectPublicKeyInfo, and the encryption of PKCS#8 under a password (PBES2).

Owns what a key file looks like. Does not keep keys (that is :mod:`idp.keys`) and touches no file system: bytes in, keys out.
Whatever is read is checked: the curve, the range of the scalar, the point, and that the public half is d·G.

``private_key`` reads and writes whatever form a private key comes in; ``sec1``, ``pkcs8``, ``pbes2`` and ``spki`` are the forms.
Specification: ``docs/specs/key-files.md``.
"""

from idp.crypto.key_files.pbes2 import PBES2_PROFILES, PBES2Profile
from idp.crypto.key_files.private_key import read_private_key, write_private_key
from idp.crypto.key_files.spki import read_public_key, write_public_key

__all__ = [
    "PBES2_PROFILES",
    "PBES2Profile",
    "read_private_key",
    "read_public_key",
    "write_private_key",
    "write_public_key",
]
