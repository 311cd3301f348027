"""The certificate that an app has shown to the proxy before us (RFC 8705), as the proxy hands it on.

The header is believed because the operator names it and promises that the proxy overwrites whatever a client sends under that
name. That the client holds the key was proven to the proxy; whose certificate it is we verify ourselves.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from idp.crypto import base64url
from idp.crypto.errors import CryptoError
from idp.crypto.x509.certificate import Certificate
from idp.errors import YimaError
from idp.oidc.clients.client import Client
from idp.oidc.clients.metadata import TLS_NAMES
from idp.oidc.errors import InvalidClient
from idp.web import client_certificate
from idp.web.machine import MachineRequest

Certified = Callable[[bytes, datetime], str | None]
"""Whether a certificate (DER) is of an authority of this installation and good at a moment, revocation included, and the app it was
issued to, if it was to an app. Raises a :class:`YimaError`."""


@dataclass(frozen=True)
class Shown:
    """A certificate that came with a request. Only its form has been checked."""

    certificate: x509.Certificate
    der: bytes

    @property
    def thumbprint(self) -> str:
        """``x5t#S256`` (RFC 8705 §3.1)."""
        return base64url.encode(sha256(self.der).digest())


def shown(request: MachineRequest) -> Shown | None:
    """The certificate of the request. Raises :class:`InvalidClient` where it cannot be read."""
    try:
        der = client_certificate.read(request.certificate)
        if der is None:
            return None
        certificate = x509.load_der_x509_certificate(der)
        return Shown(certificate, certificate.public_bytes(Encoding.DER))
    except ValueError as error:
        raise InvalidClient(detail=f"client certificate: {error}") from None


def check_registered(
    client: Client,
    given: Shown,
    now: datetime,
    authorities: Path | None,
    jwks: dict[str, object] | None,
    certified: Certified | None = None,
) -> None:
    """That the certificate is the client's (RFC 8705 §2.1, §2.2). One with an SM2 key is the authorities' of this installation to
    judge, by ``certified``. Raises :class:`InvalidClient`.
    """
    if client.auth_method == "self_signed_tls_client_auth":
        _check_listed(given, jwks or {})
        return
    if _has_sm2_key(given) and certified is not None:
        _check_certified(client, given, now, certified)
    else:
        _check_issued(given, now, authorities)
    _check_name(client, given.certificate)


def _check_listed(given: Shown, jwks: dict[str, object]) -> None:
    # §2.2.2: the very certificate stands in the client's key set.
    keys = jwks.get("keys")
    listed = [key.get("x5c") for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    ours = base64.b64encode(given.der).decode()
    if not any(isinstance(chain, list) and chain and chain[0] == ours for chain in listed):
        raise InvalidClient(detail="the certificate is not among the client's keys")


def _has_sm2_key(given: Shown) -> bool:
    try:
        Certificate(given.der)
    except CryptoError:
        return False
    return True


def _check_certified(client: Client, given: Shown, now: datetime, certified: Certified) -> None:
    try:
        app_id = certified(given.der, now)
    except YimaError as error:
        raise InvalidClient(detail=f"client certificate: {error.params.get('reason', error.code)}") from None
    if app_id is not None and app_id != client.id:  # whatever name the client registered
        raise InvalidClient(detail="the certificate was issued to another app")


def _check_issued(given: Shown, now: datetime, authorities: Path | None) -> None:
    if authorities is None:
        raise InvalidClient(detail="no authority for client certificates (client_certificate_ca)")
    try:
        store = Store(x509.load_pem_x509_certificates(authorities.read_bytes()))
        policies = {"ee_policy": ExtensionPolicy.permit_all(), "ca_policy": ExtensionPolicy.webpki_defaults_ca()}
        verifier = PolicyBuilder().store(store).time(now).extension_policies(**policies).build_client_verifier()
        verifier.verify(given.certificate, [])
    except (VerificationError, ValueError, OSError) as error:
        raise InvalidClient(detail=f"client certificate: {error}") from None


def _check_name(client: Client, certificate: x509.Certificate) -> None:
    """§2.1.2: the one name that the client registered."""
    name = next(each for each in TLS_NAMES if getattr(client.metadata, each) is not None)
    wanted = getattr(client.metadata, name)
    try:
        if wanted not in _names(certificate, name):
            raise InvalidClient(detail=f"the certificate is not for {name}")
    except ValueError:
        raise InvalidClient(detail="the certificate's names cannot be read") from None


def _names(certificate: x509.Certificate, kind: str) -> list[str]:
    if kind == "tls_client_auth_subject_dn":
        return [certificate.subject.rfc4514_string()]
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    types: dict[str, type[x509.GeneralName]] = {
        "tls_client_auth_san_dns": x509.DNSName,
        "tls_client_auth_san_uri": x509.UniformResourceIdentifier,
        "tls_client_auth_san_ip": x509.IPAddress,
        "tls_client_auth_san_email": x509.RFC822Name,
    }
    return [str(name.value) for name in names if isinstance(name, types[kind])]
