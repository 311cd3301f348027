"""The signature around what is signed: SM2 with SM3 and the standard's ID, by whatever signs tokens too."""

from functools import lru_cache

from idp.crypto import sm2
from idp.crypto.der import AlgorithmIdentifier, Reader, oids, signature_from_der, signature_to_der, tags, writer
from idp.crypto.errors import InvalidKey, UnsupportedAlgorithm
from idp.crypto.jose.algorithms import SM2_ALGORITHM
from idp.crypto.jose.signer import Signer
from idp.crypto.jose.sm2_key import SM2Key

# GM/T 0006: SM2 with SM3. Written without parameters; the national authorities write NULL, so both are read.
SM2_WITH_SM3 = AlgorithmIdentifier(oids.SM2_WITH_SM3)
_ALGORITHM = SM2_WITH_SM3.encode()


def read_algorithm(reader: Reader) -> AlgorithmIdentifier:
    """The next element, which must be SM2 with SM3. Raises ``MalformedDER``, :class:`UnsupportedAlgorithm`."""
    if reader.data.startswith(_ALGORITHM, reader.position):
        reader.take(tags.SEQUENCE)
        return SM2_WITH_SM3
    algorithm = AlgorithmIdentifier.read(reader)
    if algorithm.algorithm != oids.SM2_WITH_SM3 or not algorithm.without_parameters:
        raise UnsupportedAlgorithm(algorithm=algorithm.algorithm)
    return algorithm


def read_signature(reader: Reader) -> bytes:
    """The next element, a BIT STRING with a DER signature in it, as r‖s. Raises ``MalformedDER``."""
    return signature_from_der(reader.bit_string())


def public_key_of(signer: Signer) -> sm2.PublicKey:
    """The public half of a signer's key. Raises :class:`UnsupportedAlgorithm` for one that does not sign with SM2."""
    if signer.alg != SM2_ALGORITHM:
        raise UnsupportedAlgorithm(algorithm=signer.alg)
    jwk = signer.public_jwk()
    return _public_key(jwk.get("x"), jwk.get("y"))


@lru_cache(maxsize=1024)
def _public_key(x: object, y: object) -> sm2.PublicKey:
    return SM2Key.from_jwk({"x": x, "y": y}).public_key


def signed(content: bytes, signer: Signer, *after: bytes) -> bytes:
    """``SEQUENCE { content, algorithm, signature }``, by a signer with the ID 1234567812345678 (GM/T 0009 §10).

    The signature is not checked again: an engine that signs wrongly is found by the self-test. Raises
    :class:`UnsupportedAlgorithm`, :class:`InvalidKey`.
    """
    return enclosed(content, sign(content, signer), *after)


def sign(content: bytes, signer: Signer) -> bytes:
    """r‖s over ``content``. Raises what :func:`signed` raises."""
    if signer.alg != SM2_ALGORITHM:
        raise UnsupportedAlgorithm(algorithm=signer.alg)
    signature = signer.sign(content)
    if len(signature) != sm2.SIGNATURE_BYTES:
        raise InvalidKey(detail="the signer does not give r‖s")
    return signature


def enclosed(content: bytes, signature: bytes, *after: bytes) -> bytes:
    """``SEQUENCE { content, algorithm, signature }`` around r‖s."""
    return writer.sequence(content, _ALGORITHM, writer.bit_string(signature_to_der(signature)), *after)


def element_bytes(reader: Reader) -> bytes:
    """The next SEQUENCE as it is encoded, without a look inside."""
    at = reader.position
    reader.take(tags.SEQUENCE)
    return reader.data[at : reader.position]
