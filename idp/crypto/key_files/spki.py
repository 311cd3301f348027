"""SubjectPublicKeyInfo (RFC 5280 §4.1.2.7, RFC 5480) of an SM2 key: id-ecPublicKey on the curve of GM/T 0006, uncompressed."""

from idp.crypto import pem, sm2
from idp.crypto.der import AlgorithmIdentifier, Reader, oids, tags, writer
from idp.crypto.errors import InvalidKey, UnsupportedAlgorithm

PEM_LABEL = "PUBLIC KEY"
SM2_KEY = AlgorithmIdentifier(oids.EC_PUBLIC_KEY, writer.oid(oids.SM2_CURVE))
UNCOMPRESSED = b"\x04"
_MAX_BYTES = 256
_PREFIX = SM2_KEY.encode()
# An SM2 key has one encoding, and nearly all that is read is one: its first 27 bytes are always these.
_HEAD = writer.sequence(_PREFIX, writer.bit_string(UNCOMPRESSED + bytes(64)))[:-64]


def encode(key: sm2.PublicKey) -> bytes:
    """The DER, 91 bytes."""
    return _HEAD + key.point


def read(reader: Reader) -> sm2.PublicKey:
    """The next element. Raises :class:`UnsupportedAlgorithm` for another kind of key, ``MalformedDER``, :class:`InvalidKey`."""
    at = reader.position
    if reader.data.startswith(_HEAD, at):
        reader.take(tags.SEQUENCE)
        return sm2.PublicKey(reader.data[at + len(_HEAD) : reader.position])
    inner = reader.sequence()
    check_sm2(AlgorithmIdentifier.read(inner))
    point = inner.bit_string()
    inner.finish()
    return public_key_from_point(point)


def check_sm2(algorithm: AlgorithmIdentifier) -> None:
    """Demands an EC key on the SM2 curve. Raises :class:`UnsupportedAlgorithm`."""
    if algorithm != SM2_KEY:
        raise UnsupportedAlgorithm(algorithm=algorithm.algorithm, detail="a key that is not on the SM2 curve")


def public_key_from_point(point: bytes) -> sm2.PublicKey:
    """The key of 04‖x‖y; compressed and hybrid points are refused (our policy: one encoding a key). Raises :class:`InvalidKey`."""
    if len(point) != 65 or point[:1] != UNCOMPRESSED:
        raise InvalidKey
    return sm2.PublicKey(point)


def read_public_key(data: bytes) -> sm2.PublicKey:
    """The key in a file, PEM or DER. Raises what :func:`read` and :mod:`idp.crypto.pem` raise."""
    der = pem.decode(data, PEM_LABEL)[1] if data.lstrip().startswith(b"-----") else data
    reader = Reader(der, limit=_MAX_BYTES)
    key = read(reader)
    reader.finish()
    return key


def write_public_key(key: sm2.PublicKey) -> str:
    """The PEM."""
    return pem.encode(PEM_LABEL, encode(key))
