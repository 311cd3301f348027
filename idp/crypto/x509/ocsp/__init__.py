"""Questions and answers about the state of single certificates (RFC 6960), with the nonce of RFC 9654.

Owns the formats. ``verify`` says whether an answer may be believed; who asks and who answers over which network is not known here.
"""

from idp.crypto.x509.ocsp.cert_id import CertID
from idp.crypto.x509.ocsp.request import OCSPRequest
from idp.crypto.x509.ocsp.response import Answer, OCSPResponse, ResponseData, ResponseStatus, sign_response
from idp.crypto.x509.ocsp.single import CertificateState, SingleResponse

__all__ = [
    "Answer",
    "CertID",
    "CertificateState",
    "OCSPRequest",
    "OCSPResponse",
    "ResponseData",
    "ResponseStatus",
    "SingleResponse",
    "sign_response",
]
