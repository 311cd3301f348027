"""Whether a key signs the tokens of an issuer, by its certificates alone: mutual recognition."""

from collections.abc import Sequence
from dataclasses import replace

from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import IssuerMismatch
from idp.crypto.x509.extensions import SubjectAltName
from idp.crypto.x509.extensions.usage import DIGITAL_SIGNATURE
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.path import PathRules, validate_path


def check_token_signer(path: Sequence[Certificate], root: Certificate, issuer: str, rules: PathRules) -> None:
    """Raises unless ``path``, leaf first and without the root, leads to a key that signs tokens, and tokens of ``issuer`` only.

    ``rules`` brings the moment and the evidence. Raises a ``PathError``, :class:`IssuerMismatch`.
    """
    validate_path(path, root, replace(rules, purpose=oids.JWT, key_usage=DIGITAL_SIGNATURE))
    names = path[0].extensions.get(SubjectAltName)
    if names is None or names.names != (GeneralName.uri(issuer),):
        raise IssuerMismatch(detail=str(path[0].subject))
