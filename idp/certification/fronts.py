"""A server's certificates and keys as the program before us wants them: which files, in which order, and what to paste.

Works on what was handed out, without an installation: the machine that speaks TLS need not be the one that issues.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.certification.errors import FrontNotFitting
from idp.crypto import sm2
from idp.crypto.der import oids
from idp.crypto.key_files import write_private_key
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.extensions import SubjectAltName
from idp.crypto.x509.extensions.usage import DIGITAL_SIGNATURE, KEY_ENCIPHERMENT
from idp.crypto.x509.path import PathRules, validate_path
from idp.i18n import N_


class Front(StrEnum):
    """The programs that we write for."""

    ANGIE = "angie"
    TENGINE = "tengine"
    OPENSSL = "openssl"
    GMSSL = "gmssl"


@dataclass(frozen=True, slots=True)
class Half:
    """A certificate with those above it, the root last, and the key that belongs to it."""

    chain: Sequence[Certificate]
    key: sm2.PrivateKey


@dataclass(frozen=True, slots=True)
class FrontFiles:
    """``public`` and ``private`` are texts of files by name; ``directives`` is what to paste, with ``{folder}`` where they lie."""

    public: Mapping[str, str]
    private: Mapping[str, str]
    directives: str


# Angie has both certificates of TLCP in one directive, Tengine a directive for each; certificates for TLS stand beside them.
DIRECTIVES = {
    Front.ANGIE: (
        "ssl_ntls            on;\n"
        "ssl_certificate     {folder}/sign.pem {folder}/enc.pem;\n"
        "ssl_certificate_key {folder}/sign.key {folder}/enc.key;\n"
        "ssl_certificate     {folder}/sign.pem;\n"
        "ssl_certificate_key {folder}/sign.key;\n"
    ),
    Front.TENGINE: (
        "enable_ntls              on;\n"
        "ssl_sign_certificate     {folder}/sign.pem;\n"
        "ssl_sign_certificate_key {folder}/sign.key;\n"
        "ssl_enc_certificate      {folder}/enc.pem;\n"
        "ssl_enc_certificate_key  {folder}/enc.key;\n"
        "ssl_certificate          {folder}/sign.pem;\n"
        "ssl_certificate_key      {folder}/sign.key;\n"
    ),
    Front.OPENSSL: (
        "openssl s_server -accept 443 -tls1_3 -ciphersuites TLS_SM4_GCM_SM3 -groups curveSM2 -sigalgs sm2sig_sm3"
        " -cert {folder}/sign.pem -cert_chain {folder}/sign.pem -key {folder}/sign.key\n"
    ),
    Front.GMSSL: (
        "gmssl tlcp_server -port 443 -cert {folder}/double.pem -key {folder}/sign.key -pass PASSWORD"
        " -ex_key {folder}/enc.key -ex_pass PASSWORD\n"
    ),
}


def front_files(front: Front, signing: Half, encryption: Half | None, at: datetime, password: bytes | None = None) -> FrontFiles:
    """The files. ``password`` protects the keys for GmSSL, which reads no other; the rest start without somebody to type one.

    Raises :class:`FrontNotFitting`, and what :func:`~idp.crypto.x509.path.validate_path` raises.
    """
    _check(signing, DIGITAL_SIGNATURE, at)
    if encryption is None and front is not Front.OPENSSL:
        raise FrontNotFitting(reason=N_("TLCP needs the encryption certificate too"))
    if encryption is not None:
        _check(encryption, KEY_ENCIPHERMENT, at)
        if _names(signing) != _names(encryption):
            raise FrontNotFitting(reason=N_("the two certificates are for different names"))
    # RFC 8446 §4.4.2: the leaf first, each certified by the next; the root need not be sent. GmSSL accepts no other order.
    public = {"sign.pem": _text(signing.chain[:-1]), "root.pem": _text(signing.chain[-1:])}
    secret = password if front is Front.GMSSL else None
    private = {"sign.key": write_private_key(signing.key, secret)}
    if encryption is not None and front is not Front.OPENSSL:
        public["enc.pem"] = _text(encryption.chain[:-1])
        private["enc.key"] = write_private_key(encryption.key, secret)
        if front is Front.GMSSL:
            public["double.pem"] = _text([signing.chain[0], encryption.chain[0], *signing.chain[1:-1]])
    return FrontFiles(public, private, DIRECTIVES[front])


def _check(half: Half, usage: int, at: datetime) -> None:
    *path, root = half.chain
    validate_path(path, root, PathRules(at=at, purpose=oids.SERVER_AUTH, key_usage=usage))
    if half.key.public_key != path[0].public_key:
        raise FrontNotFitting(reason=N_("the key does not belong to the certificate"))


def _names(half: Half) -> frozenset[object]:
    found = half.chain[0].extensions.get(SubjectAltName)
    return frozenset(found.names if found is not None else ())


def _text(certificates: Sequence[Certificate]) -> str:
    return "".join(one.to_pem() for one in certificates)
