"""Judges paths with the verifier of the Tongsuo that the wheel tongsuopy carries, strictly and at one moment.

Reads {"at": seconds, "root": file, "paths": [[file of DER, leaf first], …]} from standard input, writes a list of verdicts.
"""

import ctypes
import json
import sys
from pathlib import Path

from tongsuopy.backends import _tongsuo

TONGSUO = ctypes.CDLL(_tongsuo.__file__)
POINTER, INT = ctypes.c_void_p, ctypes.c_int
X509_STRICT = 0x20


def function(name, result, *arguments):
    """A function of the library."""
    found = getattr(TONGSUO, name)
    found.restype, found.argtypes = result, arguments
    return found


read_certificate = function("d2i_X509", POINTER, POINTER, ctypes.POINTER(ctypes.c_char_p), ctypes.c_long)
store_new, store_add = function("X509_STORE_new", POINTER), function("X509_STORE_add_cert", INT, POINTER, POINTER)
stack_new, stack_push = function("OPENSSL_sk_new_null", POINTER), function("OPENSSL_sk_push", INT, POINTER, POINTER)
context_new = function("X509_STORE_CTX_new", POINTER)
context_init = function("X509_STORE_CTX_init", INT, POINTER, POINTER, POINTER, POINTER)
parameters = function("X509_STORE_CTX_get0_param", POINTER, POINTER)
set_time = function("X509_VERIFY_PARAM_set_time", None, POINTER, ctypes.c_long)
set_flags = function("X509_VERIFY_PARAM_set_flags", INT, POINTER, ctypes.c_ulong)
verify = function("X509_verify_cert", INT, POINTER)


def certificate(path):
    """The certificate, or nothing."""
    der = Path(path).read_bytes()
    return read_certificate(None, ctypes.byref(ctypes.c_char_p(der)), len(der))


def judge(path, store, at):
    """One path."""
    found = [certificate(one) for one in path]
    if not all(found):
        return "refuses"
    stack, context = stack_new(), context_new()
    for one in found[1:]:
        stack_push(stack, one)
    context_init(context, store, found[0], stack)
    set_time(parameters(context), at)
    set_flags(parameters(context), X509_STRICT)
    return "accepts" if verify(context) == 1 else "refuses"


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    trusted = store_new()
    store_add(trusted, certificate(asked["root"]))
    json.dump([judge(path, trusted, asked["at"]) for path in asked["paths"]], sys.stdout)
