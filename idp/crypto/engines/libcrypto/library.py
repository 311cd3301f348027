"""The shared library: finding it, and the signatures of the functions that we call (OpenSSL 3.0 manual pages)."""

import ctypes
import ctypes.util
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_uint, c_ulong, c_void_p
from pathlib import Path

from idp.crypto.errors import EngineUnavailable

OPENSSL_3 = 0x30000000
_SIZE = POINTER(c_size_t)

# By name: the type of the result, and of each argument.
_FUNCTIONS: dict[str, tuple[object, list[object]]] = {
    "OpenSSL_version_num": (c_ulong, []),
    "ERR_clear_error": (None, []),
    "EVP_sm3": (c_void_p, []),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, [c_void_p, c_char_p, c_char_p]),
    "EVP_PKEY_CTX_new": (c_void_p, [c_void_p, c_void_p]),
    "EVP_PKEY_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_dup": (c_void_p, [c_void_p]),
    "EVP_PKEY_fromdata_init": (c_int, [c_void_p]),
    "EVP_PKEY_fromdata": (c_int, [c_void_p, POINTER(c_void_p), c_int, c_void_p]),
    "EVP_PKEY_free": (None, [c_void_p]),
    "EVP_PKEY_dup": (c_void_p, [c_void_p]),
    "EVP_PKEY_set1_encoded_public_key": (c_int, [c_void_p, c_char_p, c_size_t]),
    "EVP_Digest": (c_int, [c_char_p, c_size_t, c_char_p, c_void_p, c_void_p, c_void_p]),
    "EVP_PKEY_sign_init": (c_int, [c_void_p]),
    "EVP_PKEY_sign": (c_int, [c_void_p, c_char_p, _SIZE, c_char_p, c_size_t]),
    "EVP_PKEY_verify_init": (c_int, [c_void_p]),
    "EVP_PKEY_verify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "EVP_PKEY_encrypt_init": (c_int, [c_void_p]),
    "EVP_PKEY_encrypt": (c_int, [c_void_p, c_char_p, _SIZE, c_char_p, c_size_t]),
    "EVP_PKEY_decrypt_init": (c_int, [c_void_p]),
    "EVP_PKEY_decrypt": (c_int, [c_void_p, c_char_p, _SIZE, c_char_p, c_size_t]),
    "EC_GROUP_new_by_curve_name": (c_void_p, [c_int]),
    "EC_GROUP_get0_order": (c_void_p, [c_void_p]),
    "EC_POINT_new": (c_void_p, [c_void_p]),
    "EC_POINT_clear_free": (None, [c_void_p]),
    "EC_POINT_mul": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]),
    "EC_POINT_add": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]),
    "EC_POINT_oct2point": (c_int, [c_void_p, c_void_p, c_char_p, c_size_t, c_void_p]),
    "EC_POINT_point2oct": (c_size_t, [c_void_p, c_void_p, c_int, c_char_p, c_size_t, c_void_p]),
    "BN_bin2bn": (c_void_p, [c_char_p, c_int, c_void_p]),
    "BN_bn2binpad": (c_int, [c_void_p, c_char_p, c_int]),
    "BN_set_flags": (None, [c_void_p, c_int]),
    "BN_clear_free": (None, [c_void_p]),
    "BN_CTX_secure_new": (c_void_p, []),
    "BN_CTX_free": (None, [c_void_p]),
    "BN_mod_add_quick": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p]),
    "BN_MONT_CTX_new": (c_void_p, []),
    "BN_MONT_CTX_set": (c_int, [c_void_p, c_void_p, c_void_p]),
    "BN_to_montgomery": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p]),
    "BN_mod_mul_montgomery": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]),
    "BN_mod_exp_mont_consttime": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]),
}


class Parameter(ctypes.Structure):
    """OSSL_PARAM, by which keys are handed over (OSSL_PARAM(3))."""

    _fields_ = (
        ("key", c_char_p),
        ("data_type", c_uint),
        ("data", c_void_p),
        ("data_size", c_size_t),
        ("return_size", c_size_t),
    )


def open_library(path: Path | None) -> ctypes.CDLL:
    """The library at ``path``, or the system's. Raises :class:`EngineUnavailable` with what is missing."""
    name = str(path) if path is not None else ctypes.util.find_library("crypto")
    if name is None:
        raise EngineUnavailable(engine="libcrypto", reason="no libcrypto was found")
    try:
        library = ctypes.CDLL(name)
        for function, (result, arguments) in _FUNCTIONS.items():
            entry = getattr(library, function)
            entry.restype, entry.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise EngineUnavailable(engine="libcrypto", reason=str(error)) from None
    if library.OpenSSL_version_num() < OPENSSL_3:
        raise EngineUnavailable(engine="libcrypto", reason="it is older than OpenSSL 3")
    return library
