"""PrivateKeyInfo (RFC 5958 §2, version 1) of an SM2 key.

Attributes and the public key of version 2 are not read: no tool that was looked at writes them for SM2, and what is not read cannot
be written back.
"""

from idp.crypto import sm2
from idp.crypto.der import AlgorithmIdentifier, Reader, writer
from idp.crypto.key_files import sec1
from idp.crypto.key_files.spki import SM2_KEY, check_sm2

PEM_LABEL = "PRIVATE KEY"
MAX_BYTES = 512
_VERSION = 0


def encode(key: sm2.PrivateKey, *, with_curve: bool = False, with_public: bool = True) -> bytes:
    """The DER, with the public half, as OpenSSL writes it. ``with_curve`` names the curve a second time inside, as GmSSL does."""
    inner = sec1.encode(key, with_curve=with_curve, with_public=with_public)
    return writer.sequence(writer.integer(_VERSION), SM2_KEY.encode(), writer.octets(inner))


def read(reader: Reader) -> sm2.PrivateKey:
    """The next element. Raises ``MalformedDER``, ``UnsupportedAlgorithm``, ``InvalidKey``."""
    info = reader.sequence()
    info.version(_VERSION)
    check_sm2(AlgorithmIdentifier.read(info))
    inner = info.octets_holding_der()
    info.finish()
    key = sec1.read(inner, curve_known=True)
    inner.finish()
    return key
