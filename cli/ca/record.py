"""How an authority is shown, and how files come in and go out."""

import gettext
import os
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from idp.certification import subjects
from idp.certification.authorities import certificate_of
from idp.certification.office import Office, office_of
from idp.certification.subjects import Holder
from idp.certification.tables import CertificateAuthority
from idp.crypto import pem, sm3
from idp.crypto.devices.signer import key_id
from idp.crypto.x509.certificate import PEM_LABEL, Certificate
from idp.crypto.x509.crl import RevocationList
from idp.crypto.x509.request import CertificateRequest
from idp.deployment import Deployment
from idp.errors import YimaError
from idp.i18n import N_
from idp.keys import adoption

_ = gettext.gettext

MAX_FILE_BYTES = 1 << 24
TITLES = {
    "name": _("Name"),
    "subject": _("Subject"),
    "parent": _("Parent"),
    "key": _("Key"),
    "institution": _("Institution"),
    "state": _("State"),
    "valid_until": _("Valid until"),
    "fingerprint": _("SM3 fingerprint"),
    "request_fingerprint": _("SM3 fingerprint of the request"),
}
OPERATORS = click.option(
    "--operator", "operators", multiple=True, help=_("The name of an operator who is present; give it twice, for two people.")
)
ORGANISATION = click.option("--organisation", help=_("The organisation's name, where it is not in the register."))
SCHOOL = click.option("--school", help=_("The code of the institution in the register."))
KEY = click.option("--key", metavar="sdf:LABEL#INDEX", help=_("Its key is that one of a device; without it, one is made here."))
COMMON_NAME = click.option("--common-name", default="", help=_("The authority's own name; without it, the organisation's."))


class FileNotReadable(YimaError):
    """A file that is not there, or larger than anything we read."""

    code = "cli.file"
    default_message = N_("The file %(path)s cannot be read.")


def office(deployment: Deployment) -> Office:
    """What acts of an authority need."""
    return office_of(deployment.settings, deployment.ring.authority_vault)


def read_file(path: Path) -> bytes:
    """The bytes. Raises :class:`FileNotReadable`."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise FileNotReadable(path=path)
        return path.read_bytes()
    except OSError:
        raise FileNotReadable(path=path) from None


def write_file(path: Path, text: str | bytes) -> None:
    """Writes a public file. Raises :class:`FileNotReadable`."""
    try:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    except OSError:
        raise FileNotReadable(path=path) from None


def write_private_file(path: Path, text: str) -> None:
    """Writes a secret to a new file that only its owner may read; a file that exists is never replaced.

    Raises :class:`FileNotReadable`.
    """
    write_private_bytes(path, text.encode())


def write_private_bytes(path: Path, data: bytes) -> None:
    """The same for what is no text."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        raise FileNotReadable(N_("The file %(path)s exists already, or cannot be written."), path=path) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def read_request(path: Path) -> CertificateRequest:
    """The request in a file, PEM or DER."""
    data = read_file(path)
    return CertificateRequest.from_pem(data) if data.lstrip().startswith(b"-----") else CertificateRequest.from_der(data)


def read_certificates(path: Path) -> list[Certificate]:
    """The certificates in a file: PEM, any number, or DER, one."""
    data = read_file(path)
    if data.lstrip().startswith(b"-----"):
        return [Certificate(der) for der in pem.decode_all(data, PEM_LABEL)]
    return [Certificate(data)]


def read_list(path: Path) -> RevocationList:
    """The list of revoked certificates in a file, PEM or DER."""
    data = read_file(path)
    return RevocationList.from_pem(data) if data.lstrip().startswith(b"-----") else RevocationList(data)


def holder(session: Session, school: str | None, organisation: str | None, common_name: str) -> Holder:
    """Whose authority it is: an institution of the register, or an organisation that is not in it."""
    if (school is None) == (organisation is None):
        raise click.UsageError(_("Give either --school or --organisation."))
    if school is not None:
        return subjects.institution_itself(session, school, common_name)
    return Holder(organisation or "", common_name or organisation or "")


def where(session: Session, row: CertificateAuthority) -> str | None:
    """The device that its key lives in; nothing for a key in the database."""
    return adoption.place(session, key_id(CertificateRequest.from_pem(row.request).public_key))


def record(session: Session, row: CertificateAuthority) -> dict[str, Any]:
    """What is known of an authority."""
    parent = session.get(CertificateAuthority, row.parent_id) if row.parent_id is not None else None
    certificate = certificate_of(row) if row.chain else None
    return {
        "name": row.name,
        "subject": row.subject,
        "parent": parent.name if parent is not None else None,
        "institution": row.institution,
        "key": where(session, row),
        "state": "active" if certificate is not None else "waiting",
        "valid_until": certificate.tbs.not_after.isoformat() if certificate is not None else None,
        "fingerprint": certificate.fingerprint.hex() if certificate is not None else None,
        "request_fingerprint": sm3.digest(CertificateRequest.from_pem(row.request).der).hex(),
        "certificates": row.issued,
        "crl_number": row.crl_number,
    }
