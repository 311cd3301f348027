"""The engine over libcrypto.

A key is parsed once, and a public one is a copy of a key that was, with its own point in it: naming the curve costs five times as
much as copying it. What is signed is the digest over Z and the message, which we compute, so that Z costs nothing from the second
signature of a key on. A context is prepared once a key and copied for every signature: OpenSSL documents contexts as not
shareable while they are written to; the prepared one is only ever copied from.
"""

import ctypes
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p
from pathlib import Path

from idp.crypto.curve import GX, GY
from idp.crypto.der import ciphertext_from_der, ciphertext_to_der, signature_from_der, signature_to_der
from idp.crypto.engines.libcrypto.arithmetic import LibcryptoArithmetic
from idp.crypto.engines.libcrypto.library import Parameter, open_library
from idp.crypto.errors import DecryptionFailed, EngineUnavailable, InvalidKey, InvalidSignature
from idp.crypto.z_value import z_value

_NID_SM2 = 1172
_EVP_PKEY_PUBLIC_KEY = 0x86  # selection: domain parameters and public key
_EVP_PKEY_KEYPAIR = 0x87
_UNSIGNED, _UTF8, _OCTETS = 2, 4, 5  # OSSL_PARAM data types
_MAX_DER_SIGNATURE, _DIGEST_BYTES = 72, 32


class LibcryptoEngine:
    """SM2 in constant time, as far as libcrypto's generic curve code is."""

    name = "libcrypto"
    constant_time = True

    def __init__(self, path: Path | None = None) -> None:
        self.library = open_library(path)
        self._group = self.library.EC_GROUP_new_by_curve_name(_NID_SM2)
        if not self._group or not self.library.EVP_sm3():
            self.library.ERR_clear_error()
            raise EngineUnavailable(engine="libcrypto", reason="it was built without SM2 or SM3")
        self.arithmetic = LibcryptoArithmetic(self.library, self._group)
        self._any_key = _parse(self.library, GX.to_bytes(32, "big") + GY.to_bytes(32, "big"), None)

    def public_point(self, scalar: bytes) -> bytes:
        """The point x‖y of a private key."""
        return self.arithmetic.multiply(scalar)

    def private_key(self, scalar: bytes, point: bytes) -> "LibcryptoPrivateKey":
        """Parses a private key."""
        return LibcryptoPrivateKey(self.library, _parse(self.library, point, scalar), point)

    def public_key(self, point: bytes) -> "LibcryptoPublicKey":
        """Parses a public key."""
        handle: int | None = self.library.EVP_PKEY_dup(self._any_key)
        if not handle or self.library.EVP_PKEY_set1_encoded_public_key(handle, b"\x04" + point, 1 + len(point)) != 1:
            self.library.EVP_PKEY_free(handle)
            self.library.ERR_clear_error()
            raise InvalidKey
        return LibcryptoPublicKey(self.library, handle, point)


class _Key:
    """A parsed key, and the context prepared for it."""

    def __init__(self, library: ctypes.CDLL, handle: int, point: bytes, initialise: str) -> None:
        self._library = library
        self._handle = handle
        self._point = point
        self._ready: int = library.EVP_PKEY_CTX_new(handle, None)
        if getattr(library, initialise)(self._ready) != 1:
            library.ERR_clear_error()
            raise InvalidKey(detail=initialise)

    def __del__(self) -> None:
        self._library.EVP_PKEY_CTX_free(getattr(self, "_ready", None))
        self._library.EVP_PKEY_free(self._handle)

    def _digest(self, message: bytes, signer_id: bytes) -> ctypes.Array[ctypes.c_char]:
        """e = SM3(Z ‖ message) (GB/T 32918.2 §6.1)."""
        lib, out = self._library, ctypes.create_string_buffer(_DIGEST_BYTES)
        signed = z_value(self._point, signer_id) + message
        if lib.EVP_Digest(signed, len(signed), out, None, lib.EVP_sm3(), None) != 1:
            lib.ERR_clear_error()
            raise InvalidKey(detail="EVP_Digest")
        return out

    def _crypt(self, operation: str, data: bytes) -> bytes | None:
        lib = self._library
        context = lib.EVP_PKEY_CTX_new(self._handle, None)
        size = c_size_t()
        run = getattr(lib, operation)
        try:
            if getattr(lib, f"{operation}_init")(context) != 1 or run(context, None, byref(size), data, len(data)) != 1:
                return None
            out = ctypes.create_string_buffer(size.value)
            return out.raw[: size.value] if run(context, out, byref(size), data, len(data)) == 1 else None
        finally:
            lib.EVP_PKEY_CTX_free(context)
            lib.ERR_clear_error()


class LibcryptoPrivateKey(_Key):
    """Signs and decrypts."""

    def __init__(self, library: ctypes.CDLL, handle: int, point: bytes) -> None:
        super().__init__(library, handle, point, "EVP_PKEY_sign_init")

    def sign(self, message: bytes, signer_id: bytes) -> bytes:
        """r‖s over SM3(Z ‖ message); libcrypto draws the nonce."""
        lib, digest = self._library, self._digest(message, signer_id)
        out, size = ctypes.create_string_buffer(_MAX_DER_SIGNATURE), c_size_t(_MAX_DER_SIGNATURE)
        context = lib.EVP_PKEY_CTX_dup(self._ready)
        try:
            if lib.EVP_PKEY_sign(context, out, byref(size), digest, _DIGEST_BYTES) != 1:
                lib.ERR_clear_error()
                raise InvalidKey(detail="EVP_PKEY_sign")
        finally:
            lib.EVP_PKEY_CTX_free(context)
        return signature_from_der(out.raw[: size.value])

    def decrypt(self, c1: bytes, c3: bytes, c2: bytes) -> bytes:
        """GB/T 32918.4 §7.1."""
        plaintext = self._crypt("EVP_PKEY_decrypt", ciphertext_to_der(c1, c3, c2))
        if plaintext is None:
            raise DecryptionFailed
        return plaintext


class LibcryptoPublicKey(_Key):
    """Verifies and encrypts."""

    def __init__(self, library: ctypes.CDLL, handle: int, point: bytes) -> None:
        super().__init__(library, handle, point, "EVP_PKEY_verify_init")

    def verify(self, message: bytes, signature: bytes, signer_id: bytes) -> None:
        """GB/T 32918.2 §7.1."""
        lib, digest, der = self._library, self._digest(message, signer_id), signature_to_der(signature)
        context = lib.EVP_PKEY_CTX_dup(self._ready)
        try:
            if lib.EVP_PKEY_verify(context, der, len(der), digest, _DIGEST_BYTES) != 1:
                lib.ERR_clear_error()
                raise InvalidSignature
        finally:
            lib.EVP_PKEY_CTX_free(context)

    def encrypt(self, plaintext: bytes) -> tuple[bytes, bytes, bytes]:
        """GB/T 32918.4 §6.1; libcrypto draws the nonce."""
        der = self._crypt("EVP_PKEY_encrypt", plaintext)
        if der is None:
            raise InvalidKey(detail="EVP_PKEY_encrypt")
        return ciphertext_from_der(der)


def _parse(library: ctypes.CDLL, point: bytes, scalar: bytes | None) -> int:
    """EVP_PKEY_fromdata(3) with the curve, the point and perhaps the scalar."""
    public = b"\x04" + point
    # OSSL_PARAM integers are in the machine's own byte order; every platform we run on is little-endian.
    parts = [(b"group", _UTF8, b"SM2"), (b"pub", _OCTETS, public)]
    if scalar is not None:
        parts.append((b"priv", _UNSIGNED, scalar[::-1]))
    buffers = [ctypes.create_string_buffer(data, len(data)) for _, _, data in parts]
    parameters = (Parameter * (len(parts) + 1))()
    for slot, (name, kind, data), buffer in zip(parameters, parts, buffers, strict=False):
        slot.key, slot.data_type, slot.data, slot.data_size = name, kind, ctypes.addressof(buffer), len(data)
    context = library.EVP_PKEY_CTX_new_from_name(None, c_char_p(b"SM2"), None)
    handle = c_void_p()
    selection = c_int(_EVP_PKEY_PUBLIC_KEY if scalar is None else _EVP_PKEY_KEYPAIR)
    try:
        done = library.EVP_PKEY_fromdata_init(context) == 1
        if not done or library.EVP_PKEY_fromdata(context, byref(handle), selection, parameters) != 1 or not handle.value:
            raise InvalidKey
    finally:
        library.EVP_PKEY_CTX_free(context)
        library.ERR_clear_error()
        for buffer in buffers:
            ctypes.memset(buffer, 0, len(buffer))
    return handle.value
