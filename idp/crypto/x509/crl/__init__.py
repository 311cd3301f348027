"""Lists of revoked certificates (RFC 5280 §5), version 2, complete for what they say they are about.

Owns the format. A list that was read is not verified: :mod:`idp.crypto.x509.revocation` does that. Delta lists and indirect lists
are refused.
"""

from idp.crypto.x509.crl.contents import RevocationListContents, list_extensions
from idp.crypto.x509.crl.entry import RevokedCertificate
from idp.crypto.x509.crl.revocation_list import RevocationList, sign_revocation_list

__all__ = ["RevocationList", "RevocationListContents", "RevokedCertificate", "list_extensions", "sign_revocation_list"]
