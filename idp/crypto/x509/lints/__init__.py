"""What may be certified. A finding names its lint and the clause; every finding is told at once.

``request`` looks at what an applicant asks for, ``certificate`` at what is about to be signed. :class:`LintedCertificate` exists
only when the second found nothing, and :func:`sign_certificate` takes nothing else: no other way leads to a signature.
"""

from idp.crypto.x509.lints.certificate import Issuer, LintedCertificate, lint_certificate, sign_certificate
from idp.crypto.x509.lints.finding import Finding
from idp.crypto.x509.lints.request import LintedRequest, RequestRules, lint_request

__all__ = [
    "Finding",
    "Issuer",
    "LintedCertificate",
    "LintedRequest",
    "RequestRules",
    "lint_certificate",
    "lint_request",
    "sign_certificate",
]
