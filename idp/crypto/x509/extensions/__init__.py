"""The extensions of RFC 5280 §4.2 and §5, of OCSP, and of GM/T 0015: each a value that reads and encodes its own content.

``extension`` is the frame around them and the set that a certificate has; ``KNOWN`` there lists what is understood in it. The lists
of ``crl`` and the messages of ``ocsp`` have their own. An extension that has no meaning where it stands is kept as bytes; what has
a critical one of that kind is refused.
"""

from idp.crypto.x509.extensions.alternative_names import SubjectAltName
from idp.crypto.x509.extensions.constraints import BasicConstraints, InhibitAnyPolicy, NameConstraints, PolicyConstraints
from idp.crypto.x509.extensions.distribution import AuthorityInfoAccess, CRLDistributionPoints
from idp.crypto.x509.extensions.extension import Extension, Extensions, Kinds
from idp.crypto.x509.extensions.identifiers import AuthorityKeyIdentifier, SubjectKeyIdentifier
from idp.crypto.x509.extensions.identity import UnifiedCreditCode
from idp.crypto.x509.extensions.nonce import OCSPNonce
from idp.crypto.x509.extensions.policies import CertificatePolicies
from idp.crypto.x509.extensions.revocation import CRLNumber, InvalidityDate, IssuingDistributionPoint, ReasonCode
from idp.crypto.x509.extensions.usage import ExtendedKeyUsage, KeyUsage, OCSPNoCheck

__all__ = [
    "AuthorityInfoAccess",
    "AuthorityKeyIdentifier",
    "BasicConstraints",
    "CRLDistributionPoints",
    "CRLNumber",
    "CertificatePolicies",
    "ExtendedKeyUsage",
    "Extension",
    "Extensions",
    "InhibitAnyPolicy",
    "InvalidityDate",
    "IssuingDistributionPoint",
    "KeyUsage",
    "Kinds",
    "NameConstraints",
    "OCSPNoCheck",
    "OCSPNonce",
    "PolicyConstraints",
    "ReasonCode",
    "SubjectAltName",
    "SubjectKeyIdentifier",
    "UnifiedCreditCode",
]
