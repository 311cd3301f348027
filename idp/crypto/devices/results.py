"""The result codes of GM/T 0018, appendix A: names as in the headers of its makers, texts by the meaning."""

from collections.abc import Mapping
from enum import IntEnum

from idp.i18n import N_

BASE = 0x01000000


class Result(IntEnum):
    """What a function of the interface returns. Other codes are the maker's own."""

    SDR_OK = 0
    SDR_UNKNOWERR = BASE + 0x01
    SDR_NOTSUPPORT = BASE + 0x02
    SDR_COMMFAIL = BASE + 0x03
    SDR_HARDFAIL = BASE + 0x04
    SDR_OPENDEVICE = BASE + 0x05
    SDR_OPENSESSION = BASE + 0x06
    SDR_PARDENY = BASE + 0x07
    SDR_KEYNOTEXIST = BASE + 0x08
    SDR_ALGNOTSUPPORT = BASE + 0x09
    SDR_ALGMODNOTSUPPORT = BASE + 0x0A
    SDR_PKOPERR = BASE + 0x0B
    SDR_SKOPERR = BASE + 0x0C
    SDR_SIGNERR = BASE + 0x0D
    SDR_VERIFYERR = BASE + 0x0E
    SDR_SYMOPERR = BASE + 0x0F
    SDR_STEPERR = BASE + 0x10
    SDR_FILESIZEERR = BASE + 0x11
    SDR_FILENOEXIST = BASE + 0x12
    SDR_FILEOFSERR = BASE + 0x13
    SDR_KEYTYPEERR = BASE + 0x14
    SDR_KEYERR = BASE + 0x15
    SDR_ENCDATAERR = BASE + 0x16
    SDR_RANDERR = BASE + 0x17
    SDR_PRKRERR = BASE + 0x18
    SDR_MACERR = BASE + 0x19
    SDR_FILEEXISTS = BASE + 0x1A
    SDR_FILEWERR = BASE + 0x1B
    SDR_NOBUFFER = BASE + 0x1C
    SDR_INARGERR = BASE + 0x1D
    SDR_OUTARGERR = BASE + 0x1E
    SDR_USERIDERR = BASE + 0x1F  # since the edition of 2023


_MEANINGS: Mapping[Result, str] = {
    Result.SDR_OK: N_("it worked"),
    Result.SDR_UNKNOWERR: N_("unknown error"),
    Result.SDR_NOTSUPPORT: N_("the device does not have this function"),
    Result.SDR_COMMFAIL: N_("no communication with the device"),
    Result.SDR_HARDFAIL: N_("the computing module does not respond"),
    Result.SDR_OPENDEVICE: N_("the device cannot be opened"),
    Result.SDR_OPENSESSION: N_("no session can be opened"),
    Result.SDR_PARDENY: N_("no right to use the private key"),
    Result.SDR_KEYNOTEXIST: N_("there is no such key"),
    Result.SDR_ALGNOTSUPPORT: N_("the device does not have this algorithm"),
    Result.SDR_ALGMODNOTSUPPORT: N_("the device does not have this mode of the algorithm"),
    Result.SDR_PKOPERR: N_("the operation with the public key failed"),
    Result.SDR_SKOPERR: N_("the operation with the private key failed"),
    Result.SDR_SIGNERR: N_("signing failed"),
    Result.SDR_VERIFYERR: N_("the signature does not verify"),
    Result.SDR_SYMOPERR: N_("the operation with the symmetric key failed"),
    Result.SDR_STEPERR: N_("a step of the operation is missing or out of order"),
    Result.SDR_FILESIZEERR: N_("the file is too long"),
    Result.SDR_FILENOEXIST: N_("there is no such file in the device"),
    Result.SDR_FILEOFSERR: N_("the place in the file is wrong"),
    Result.SDR_KEYTYPEERR: N_("the key is of the wrong type"),
    Result.SDR_KEYERR: N_("the key is wrong"),
    Result.SDR_ENCDATAERR: N_("the encrypted data is wrong"),
    Result.SDR_RANDERR: N_("no random numbers"),
    Result.SDR_PRKRERR: N_("the right to use the private key was not given"),
    Result.SDR_MACERR: N_("the authentication code could not be computed"),
    Result.SDR_FILEEXISTS: N_("the file is there already"),
    Result.SDR_FILEWERR: N_("the file could not be written"),
    Result.SDR_NOBUFFER: N_("no space is left"),
    Result.SDR_INARGERR: N_("an argument is wrong"),
    Result.SDR_OUTARGERR: N_("the place for the result is wrong"),
    Result.SDR_USERIDERR: N_("the user's identity is wrong"),
}
_MAKERS_OWN = N_("an error of the maker's own, see its manual")

# The connection is gone; another may be had.
_LOST = frozenset((Result.SDR_COMMFAIL, Result.SDR_HARDFAIL, Result.SDR_OPENDEVICE, Result.SDR_OPENSESSION))


def meaning(code: int) -> str:
    """What the code means, to be translated."""
    return _MEANINGS[Result(code)] if code in _MEANINGS else _MAKERS_OWN


def shown(code: int) -> str:
    """The code as manuals print it: its name, or the number of one that the standard does not have."""
    return Result(code).name if code in _MEANINGS else f"0x{code:08X}"


def is_makers_own(code: int) -> bool:
    """Whether the standard does not have this code."""
    return code not in _MEANINGS


def says_lost(code: int) -> bool:
    """Whether the device, or the way to it, is gone. Makers tell of a broken connection by codes of their own, too."""
    return code in _LOST or is_makers_own(code)
