"""The engine over libcrypto.

A key is parsed once. For each signer ID a context is prepared once and copied for every signature, which is nearly all that
Python adds to OpenSSL's own time. OpenSSL documents contexts as not shareable while they are written to; the prepared one is
only ever copied from.
"""

import ctypes
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p
from pathlib import Path
from weakref import finalize

from idp.crypto.der import ciphertext_from_der, ciphertext_to_der, signature_from_der, signature_to_der
from idp.crypto.engines.libcrypto.arithmetic import LibcryptoArithmetic
from idp.crypto.engines.libcrypto.library import Parameter, open_library
from idp.crypto.errors import DecryptionFailed, EngineUnavailable, InvalidKey, InvalidSignature

_NID_SM2 = 1172
_EVP_PKEY_PUBLIC_KEY = 0x86  # selection: domain parameters and public key
_EVP_PKEY_KEYPAIR = 0x87
_UNSIGNED, _UTF8, _OCTETS = 2, 4, 5  # OSSL_PARAM data types
_MAX_DER_SIGNATURE = 72


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

    def public_point(self, scalar: bytes) -> bytes:
        """The point x‖y of a private key."""
        return self.arithmetic.multiply(scalar)

    def private_key(self, scalar: bytes, point: bytes) -> "LibcryptoPrivateKey":
        """Parses a private key."""
        return LibcryptoPrivateKey(self.library, _parse(self.library, point, scalar))

    def public_key(self, point: bytes) -> "LibcryptoPublicKey":
        """Parses a public key."""
        return LibcryptoPublicKey(self.library, _parse(self.library, point, None))


class _Key:
    """A parsed key, and the contexts prepared for it by signer ID."""

    def __init__(self, library: ctypes.CDLL, handle: int, initialise: str) -> None:
        self._library = library
        self._handle = handle
        self._initialise = getattr(library, initialise)
        self._prepared: dict[bytes, int] = {}
        finalize(self, library.EVP_PKEY_free, handle)

    def _context(self, signer_id: bytes) -> int:
        """A context ready for one message; the caller frees it."""
        lib = self._library
        prepared = self._prepared.get(signer_id)
        if prepared is None:
            prepared = self._prepare(signer_id)
        context: int = lib.EVP_MD_CTX_new()
        if lib.EVP_MD_CTX_copy_ex(context, prepared) != 1:
            lib.EVP_MD_CTX_free(context)
            raise InvalidKey(detail="EVP_MD_CTX_copy_ex")
        return context

    def _prepare(self, signer_id: bytes) -> int:
        lib = self._library
        context: int = lib.EVP_MD_CTX_new()
        key_context = c_void_p()
        ready = self._initialise(context, byref(key_context), lib.EVP_sm3(), None, self._handle) == 1
        if not ready or lib.EVP_PKEY_CTX_set1_id(key_context, signer_id, len(signer_id)) != 1:
            lib.EVP_MD_CTX_free(context)
            lib.ERR_clear_error()
            raise InvalidKey(detail="EVP_DigestSignInit")
        # Two threads may prepare at once: one context stays, the other is freed.
        kept = self._prepared.setdefault(signer_id, context)
        if kept is context:
            finalize(self, lib.EVP_MD_CTX_free, context)
        else:
            lib.EVP_MD_CTX_free(context)
        return kept

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

    def __init__(self, library: ctypes.CDLL, handle: int) -> None:
        super().__init__(library, handle, "EVP_DigestSignInit")

    def sign(self, message: bytes, signer_id: bytes) -> bytes:
        """r‖s over SM3(Z ‖ message); libcrypto draws the nonce."""
        context = self._context(signer_id)
        out, size = ctypes.create_string_buffer(_MAX_DER_SIGNATURE), c_size_t(_MAX_DER_SIGNATURE)
        try:
            if self._library.EVP_DigestSign(context, out, byref(size), message, len(message)) != 1:
                self._library.ERR_clear_error()
                raise InvalidKey(detail="EVP_DigestSign")
        finally:
            self._library.EVP_MD_CTX_free(context)
        return signature_from_der(out.raw[: size.value])

    def decrypt(self, c1: bytes, c3: bytes, c2: bytes) -> bytes:
        """GB/T 32918.4 §7.1."""
        plaintext = self._crypt("EVP_PKEY_decrypt", ciphertext_to_der(c1, c3, c2))
        if plaintext is None:
            raise DecryptionFailed
        return plaintext


class LibcryptoPublicKey(_Key):
    """Verifies and encrypts."""

    def __init__(self, library: ctypes.CDLL, handle: int) -> None:
        super().__init__(library, handle, "EVP_DigestVerifyInit")

    def verify(self, message: bytes, signature: bytes, signer_id: bytes) -> None:
        """GB/T 32918.2 §7.1."""
        der = signature_to_der(signature)
        context = self._context(signer_id)
        try:
            if self._library.EVP_DigestVerify(context, der, len(der), message, len(message)) != 1:
                self._library.ERR_clear_error()
                raise InvalidSignature
        finally:
            self._library.EVP_MD_CTX_free(context)

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
