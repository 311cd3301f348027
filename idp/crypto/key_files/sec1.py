"""ECPrivateKey (RFC 5915 §3; SEC 1 C.4) of an SM2 key, alone or inside PKCS#8."""

from idp.crypto import sm2
from idp.crypto.der import Reader, oids, writer
from idp.crypto.errors import InvalidKey, UnsupportedAlgorithm
from idp.crypto.key_files.spki import UNCOMPRESSED, public_key_from_point

PEM_LABEL = "EC PRIVATE KEY"
MAX_BYTES = 512
_VERSION = 1


def encode(key: sm2.PrivateKey, *, with_curve: bool, with_public: bool = True) -> bytes:
    """The DER. Inside PKCS#8 the curve is named outside, and not a second time here."""
    return writer.sequence(
        writer.integer(_VERSION),
        writer.octets(key.scalar),
        writer.explicit(0, writer.oid(oids.SM2_CURVE)) if with_curve else b"",
        writer.explicit(1, writer.bit_string(UNCOMPRESSED + key.public_key.point)) if with_public else b"",
    )


def read(reader: Reader, *, curve_known: bool) -> sm2.PrivateKey:
    """The next element. Where the curve is not known from outside, it must be named here.

    Raises ``MalformedDER``, :class:`UnsupportedAlgorithm` (another curve), :class:`InvalidKey` (d outside [1, n-2], or a public
    half that is not d·G).
    """
    inner = reader.sequence()
    inner.version(_VERSION)
    scalar = inner.octets()  # RFC 5915 §3: as long as the order, leading zeros kept
    curve = inner.optional_explicit(0)
    if curve is not None:
        named = curve.oid()
        curve.finish()
        if named != oids.SM2_CURVE:
            raise UnsupportedAlgorithm(algorithm=named, detail="a key on another curve")
    elif not curve_known:
        raise inner.fail("the curve is not named")
    public = inner.optional_explicit(1)
    point = None
    if public is not None:
        point = public.bit_string()
        public.finish()
    inner.finish()
    key = sm2.PrivateKey(scalar)
    if point is not None and public_key_from_point(point) != key.public_key:
        raise InvalidKey(detail="the public half is not d·G")
    return key
