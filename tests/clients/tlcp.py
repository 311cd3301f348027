"""TLCP (GB/T 38636) between two ends of the Tongsuo that the wheel tongsuopy carries: its own Python knows no TLS, its library does.

Reads cases as a list of JSON from standard input, writes what became of each. Nothing is sent over a network.
"""

import ctypes
import json
import sys
from pathlib import Path

from tongsuopy.backends import _tongsuo

TONGSUO = ctypes.CDLL(_tongsuo.__file__)
POINTER, INT = ctypes.c_void_p, ctypes.c_int
PEM, EXTRA_CHAIN_CERT, WANT_READ = 1, 14, 2
VERIFY_PEER, FAIL_IF_NO_PEER = 1, 2
CRL_CHECK, CRL_CHECK_ALL = 4, 8


def function(name, result, *arguments):
    """A function of the library."""
    found = getattr(TONGSUO, name)
    found.restype, found.argtypes = result, arguments
    return found


bio_new = function("BIO_new", POINTER, POINTER)
bio_mem = function("BIO_s_mem", POINTER)
bio_buffer = function("BIO_new_mem_buf", POINTER, ctypes.c_char_p, INT)
bio_read = function("BIO_read", INT, POINTER, POINTER, INT)
bio_write = function("BIO_write", INT, POINTER, ctypes.c_char_p, INT)
read_certificate = function("PEM_read_bio_X509", POINTER, POINTER, POINTER, POINTER, POINTER)
read_list = function("d2i_X509_CRL_bio", POINTER, POINTER, POINTER)
method = function("NTLS_method", POINTER)
context_new = function("SSL_CTX_new", POINTER, POINTER)
enable_ntls = function("SSL_CTX_enable_ntls", None, POINTER)
set_ciphers = function("SSL_CTX_set_cipher_list", INT, POINTER, ctypes.c_char_p)
context_control = function("SSL_CTX_ctrl", ctypes.c_long, POINTER, INT, ctypes.c_long, POINTER)
trust = function("SSL_CTX_load_verify_locations", INT, POINTER, ctypes.c_char_p, ctypes.c_char_p)
set_verify = function("SSL_CTX_set_verify", None, POINTER, INT, POINTER)
store_of = function("SSL_CTX_get_cert_store", POINTER, POINTER)
add_list = function("X509_STORE_add_crl", INT, POINTER, POINTER)
set_flags = function("X509_STORE_set_flags", INT, POINTER, ctypes.c_ulong)
connection_new = function("SSL_new", POINTER, POINTER)
set_bio = function("SSL_set_bio", None, POINTER, POINTER, POINTER)
set_accept, set_connect = function("SSL_set_accept_state", None, POINTER), function("SSL_set_connect_state", None, POINTER)
set_host = function("SSL_set1_host", INT, POINTER, ctypes.c_char_p)
parameters = function("SSL_get0_param", POINTER, POINTER)
set_time = function("X509_VERIFY_PARAM_set_time", None, POINTER, ctypes.c_long)
handshake, get_error = function("SSL_do_handshake", INT, POINTER), function("SSL_get_error", INT, POINTER, INT)
write, read = function("SSL_write", INT, POINTER, ctypes.c_char_p, INT), function("SSL_read", INT, POINTER, POINTER, INT)
cipher, cipher_name = (
    function("SSL_get_current_cipher", POINTER, POINTER),
    function("SSL_CIPHER_get_name", ctypes.c_char_p, POINTER),
)
version = function("SSL_get_version", ctypes.c_char_p, POINTER)
verify_result = function("SSL_get_verify_result", ctypes.c_long, POINTER)
peer = function("SSL_get_peer_certificate", POINTER, POINTER)
subject_of = function("X509_get_subject_name", POINTER, POINTER)
one_line = function("X509_NAME_oneline", ctypes.c_char_p, POINTER, ctypes.c_char_p, INT)
last_error, error_text = (
    function("ERR_peek_last_error", ctypes.c_ulong),
    function("ERR_reason_error_string", ctypes.c_char_p, ctypes.c_ulong),
)
clear_errors = function("ERR_clear_error", None)


def succeeded(result, what):
    """Ends where the library refuses what it is given."""
    if result != 1:
        raise SystemExit(f"{what}: {error_text(last_error())}")


def certificates(path):
    """Each of a file."""
    text = Path(path).read_bytes()
    source = bio_buffer(text, len(text))
    while found := read_certificate(source, None, None, None):
        yield found
    clear_errors()


def context(own, root, lists, suite):
    """One end."""
    made = context_new(method())
    enable_ntls(made)
    succeeded(set_ciphers(made, suite.encode()), suite)
    if own:
        for kind in (kind for kind in ("sign", "enc") if kind in own):
            for what, name in (("certificate", own[kind]), ("PrivateKey", own[f"{kind}_key"])):
                load = function(f"SSL_CTX_use_{kind}_{what}_file", INT, POINTER, ctypes.c_char_p, INT)
                succeeded(load(made, name.encode(), PEM), name)
        for above in list(certificates(own["sign"]))[1:]:
            context_control(made, EXTRA_CHAIN_CERT, 0, above)
    if root:
        succeeded(trust(made, root.encode(), None), root)
        set_verify(made, VERIFY_PEER | FAIL_IF_NO_PEER, None)
        for one in lists:
            der = Path(one).read_bytes()
            succeeded(add_list(store_of(made), read_list(bio_buffer(der, len(der)), None)), one)
        if lists:
            set_flags(store_of(made), CRL_CHECK | CRL_CHECK_ALL)
    return made


def moved(source, target):
    """Carries what one buffer holds into another."""
    room = ctypes.create_string_buffer(1 << 16)
    while (count := bio_read(source, room, len(room))) > 0:
        bio_write(target, room.raw[:count], count)


def shake(client, server):
    """Both ends, (connection, what it reads, what it writes), until they are done; false where one of them refuses."""
    waiting = [client, server]
    for _ in range(20):
        for end in list(waiting):
            result = handshake(end[0])
            moved(client[2], server[1])
            moved(server[2], client[1])
            if result == 1:
                waiting.remove(end)
            elif get_error(end[0], result) != WANT_READ:
                return False
        if not waiting:
            return True
    return False


def end_of(made, at):
    """A connection with buffers for a network."""
    connection, reads, writes = connection_new(made), bio_new(bio_mem()), bio_new(bio_mem())
    for buffer in (reads, writes):
        function("BIO_ctrl", ctypes.c_long, POINTER, INT, ctypes.c_long, POINTER)(buffer, 130, -1, None)  # empty means: later
    set_bio(connection, reads, writes)
    if at:
        set_time(parameters(connection), at)
    return connection, reads, writes


def play(case):
    """One case."""
    clear_errors()
    at, lists = case.get("at"), case.get("lists", [])
    asked = case["root"] if case.get("client") or case.get("client_needed") else None
    server = end_of(context(case["server"], asked, lists, case["suite"]), at)
    client = end_of(context(case.get("client"), case["root"], lists, case["suite"]), at)
    set_accept(server[0])
    set_connect(client[0])
    succeeded(set_host(client[0], case["name"].encode()), "name")
    if not shake(client, server):
        results = {"client": verify_result(client[0]), "server": verify_result(server[0])}
        reason = error_text(last_error()) or b""
        return {"refused": {who: [result] for who, result in results.items() if result}, "error": reason.decode()}
    write(client[0], "你好".encode(), 6)
    moved(client[2], server[1])
    room = ctypes.create_string_buffer(100)
    count = read(server[0], room, len(room))
    seen = peer(server[0])
    return {
        "suite": cipher_name(cipher(client[0])).decode(),
        "version": version(client[0]).decode(),
        "server_sees": one_line(subject_of(seen), None, 0).decode() if seen else None,
        "said": room.raw[:count].decode(),
    }


if __name__ == "__main__":
    json.dump([play(case) for case in json.load(sys.stdin)], sys.stdout)
