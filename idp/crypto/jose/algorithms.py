"""The signature algorithms that we know: the one place where SM2 joins those of joserfc.

The registry is our own, because joserfc's belongs to everything in the process that uses joserfc.
"""

from typing import Any

# joserfc exports its registry, but not the base class of what goes into it.
from joserfc._rfc7515.model import JWSAlgModel
from joserfc.errors import InvalidKeyTypeError
from joserfc.jws import JWSRegistry

from idp.crypto import sm2
from idp.crypto.der import signature_from_der, signature_to_der
from idp.crypto.errors import CryptoError, UnsupportedAlgorithm
from idp.crypto.jose.sm2_key import SM2Key

SM2_ALGORITHM = "SGD_SM3_SM2"  # GM/T 0125.1-2022

# Names seen in the wild for the same algorithm. We read them and never write them.
ALIASES = dict.fromkeys(("SM2", "SM2SM3", "SM2-SM3", "SM3withSM2", "SM3WithSM2", "GmSM2"), SM2_ALGORITHM)


class SM2Algorithm(JWSAlgModel):
    """SM2 with SM3 over ASCII(header ‖ . ‖ payload), the whole of it, as RFC 7515 §5.1 says."""

    name = SM2_ALGORITHM
    description = "SM2 with SM3 (GB/T 32918.2)"
    recommended = False
    key_type = "EC"

    def check_key(self, key: Any) -> None:
        """Refuses every key but an SM2 key."""
        if not isinstance(key, SM2Key):
            raise InvalidKeyTypeError("SGD_SM3_SM2 needs an SM2 key")

    def sign(self, msg: bytes, key: SM2Key) -> bytes:
        """r‖s, 64 bytes, as RFC 7518 §3.4 has it for ECDSA."""
        assert key.private_key is not None  # noqa: S101 - joserfc asks for private keys only
        return sm2.sign(key.private_key, msg)

    def verify(self, msg: bytes, sig: bytes, key: SM2Key) -> bool:
        """Whether ``sig``, r‖s or its DER (GM/T 0009), fits. The boolean is joserfc's convention; our own face raises."""
        try:
            sm2.verify(key.public_key, msg, _raw(sig))
        except CryptoError:
            return False
        return True


class Algorithms(JWSRegistry):
    """Ours, and no other: what is not in here does not exist, ``none`` and the HMACs among it."""

    algorithms = {name: JWSRegistry.algorithms[name] for name in ("RS256", "ES256", "PS256")} | {SM2_ALGORITHM: SM2Algorithm()}


def algorithm(name: str) -> JWSAlgModel:
    """The algorithm called ``name``, an alias included. Raises :class:`UnsupportedAlgorithm`."""
    found = Algorithms.algorithms.get(ALIASES.get(name, name))
    if found is None:
        raise UnsupportedAlgorithm(algorithm=name[:32])
    return found


def _raw(signature: bytes) -> bytes:
    if len(signature) == sm2.SIGNATURE_BYTES:
        return signature
    raw = signature_from_der(signature)
    if signature_to_der(raw) != signature:
        raise UnsupportedAlgorithm(algorithm="DER")
    return raw
