"""The maker's shared library: finding its functions, and calling them (GM/T 0018 §6)."""

import ctypes
from ctypes import POINTER, c_char_p, c_int, c_uint, c_void_p
from pathlib import Path

from idp.crypto.devices.errors import DeviceLibraryUnusable
from idp.crypto.devices.results import Result
from idp.crypto.devices.structures import DeviceInfo, ECCCipher, ECCrefPublicKey, ECCSignature

_HANDLE = POINTER(c_void_p)
_BYTES = c_char_p

# By name: the type of each argument. Every function returns a result code.
_FUNCTIONS: dict[str, list[object]] = {
    "SDF_OpenDevice": [_HANDLE],
    "SDF_CloseDevice": [c_void_p],
    "SDF_OpenSession": [c_void_p, _HANDLE],
    "SDF_CloseSession": [c_void_p],
    "SDF_GetDeviceInfo": [c_void_p, POINTER(DeviceInfo)],
    "SDF_GetPrivateKeyAccessRight": [c_void_p, c_uint, _BYTES, c_uint],
    "SDF_ReleasePrivateKeyAccessRight": [c_void_p, c_uint],
    "SDF_ExportSignPublicKey_ECC": [c_void_p, c_uint, POINTER(ECCrefPublicKey)],
    "SDF_InternalSign_ECC": [c_void_p, c_uint, _BYTES, c_uint, POINTER(ECCSignature)],
}
# What signing does without: a library may lack these, and says then what a device says that lacks them.
_OTHERS: dict[str, list[object]] = {
    "SDF_GenerateKeyWithIPK_ECC": [c_void_p, c_uint, c_uint, POINTER(ECCCipher), _HANDLE],
    "SDF_ImportKeyWithISK_ECC": [c_void_p, c_uint, POINTER(ECCCipher), _HANDLE],
    "SDF_Encrypt": [c_void_p, c_void_p, c_uint, _BYTES, _BYTES, c_uint, c_void_p, POINTER(c_uint)],
    "SDF_Decrypt": [c_void_p, c_void_p, c_uint, _BYTES, _BYTES, c_uint, c_void_p, POINTER(c_uint)],
    "SDF_DestroyKey": [c_void_p, c_void_p],
}


class SdfLibrary:
    """The functions of a loaded library. Releases Python's lock while one runs."""

    def __init__(self, device: str, path: Path) -> None:
        """Raises :class:`DeviceLibraryUnusable` with what is missing."""
        try:
            loaded = ctypes.CDLL(str(path))
            self._functions = {name: getattr(loaded, name) for name in _FUNCTIONS}
        except (OSError, AttributeError) as error:
            raise DeviceLibraryUnusable(device=device, said=str(error)[:200]) from None
        self._functions |= {name: found for name in _OTHERS if (found := getattr(loaded, name, None)) is not None}
        for name, function in self._functions.items():
            function.restype, function.argtypes = c_int, (_FUNCTIONS | _OTHERS)[name]

    def call(self, function: str, *arguments: object) -> int:
        """The result code, as an unsigned number."""
        found = self._functions.get(function)
        return int(found(*arguments)) & 0xFFFFFFFF if found is not None else int(Result.SDR_NOTSUPPORT)
