"""TLS 1.3 with SM4, SM3 and SM2 (RFC 8998) between two ends of pyOpenSSL, which share nothing with Yima.

Reads cases as a list of JSON from standard input, writes what became of each. pyOpenSSL sets no groups: what they are, and by which
algorithm is signed, stands in the file that OPENSSL_CONF names.
"""

import datetime
import json
import sys
from pathlib import Path

from cryptography import x509
from OpenSSL import SSL, crypto
from service_identity import VerificationError
from service_identity.pyopenssl import verify_hostname

FLAGS = crypto.X509StoreFlags
END = "-----END CERTIFICATE-----\n"


def context(own, root, lists, at, refusals):
    """One end: its certificates and key, whom it trusts, the lists it looks at, and the moment it believes it is."""
    made = SSL.Context(SSL.TLS_METHOD)
    made.set_min_proto_version(SSL.TLS1_3_VERSION)
    made.set_tls13_ciphersuites(b"TLS_SM4_GCM_SM3")
    if own:
        made.use_certificate_chain_file(own["sign"])
        made.use_privatekey_file(own["sign_key"])
        made.check_privatekey()
    if root:
        store = made.get_cert_store()
        store.add_cert(crypto.X509.from_cryptography(x509.load_pem_x509_certificate(Path(root).read_bytes())))
        store.set_flags(FLAGS.X509_STRICT | (FLAGS.CRL_CHECK | FLAGS.CRL_CHECK_ALL if lists else 0))
        for one in lists:
            store.add_crl(x509.load_der_x509_crl(Path(one).read_bytes()))
        if at:
            store.set_time(datetime.datetime.fromtimestamp(at, datetime.UTC).replace(tzinfo=None))

        def verified(connection, certificate, error, depth, good):
            if not good:
                refusals.append(error)
            return good

        made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verified)
    return made


def moved(source, target):
    """Carries what ``source`` has to say to ``target``."""
    try:
        target.bio_write(source.bio_read(1 << 16))
    except SSL.WantReadError:
        return False
    return True


def shake(client, server):
    """Both ends until they are done. Raises ``SSL.Error``."""
    waiting = {client, server}
    for _ in range(20):
        for end in (client, server):
            try:
                if end in waiting:
                    end.do_handshake()
                waiting.discard(end)
            except SSL.WantReadError:
                pass
            except SSL.Error:
                moved(end, server if end is client else client)
                raise
            moved(client, server)
            moved(server, client)
        if not waiting:
            return
    raise SSL.Error("no end")


def play(case):
    """One case."""
    refusals = {"client": [], "server": []}
    at, lists = case.get("at"), case.get("lists", [])
    asked = case["root"] if case.get("client") or case.get("client_needed") else None
    server = SSL.Connection(context(case["server"], asked, lists, at, refusals["server"]))
    client = SSL.Connection(context(case.get("client"), case["root"], lists, at, refusals["client"]))
    server.set_accept_state()
    client.set_connect_state()
    client.set_tlsext_host_name(case["name"].encode())
    try:
        shake(client, server)
    except SSL.Error as error:
        return {"refused": {who: errors for who, errors in refusals.items() if errors}, "error": str(error)}
    try:
        verify_hostname(client, case["name"])
    except VerificationError:
        return {"refused": {"client": ["name"]}}
    client.send("你好".encode())
    moved(client, server)
    seen = server.get_peer_certificate()
    return {
        "suite": client.get_cipher_name(),
        "version": client.get_protocol_version_name(),
        "group": client.get_group_name(),
        "server_sees": seen.to_cryptography().subject.rfc4514_string() if seen else None,
        "said": server.recv(100).decode(),
    }


if __name__ == "__main__":
    json.dump([play(case) for case in json.load(sys.stdin)], sys.stdout)
