"""One set of structures under two sets of identifiers."""

from dataclasses import dataclass

from idp.crypto.der import AlgorithmIdentifier, oids
from idp.crypto.x509.signing import SM2_WITH_SM3

SM3 = AlgorithmIdentifier(oids.SM3)


@dataclass(frozen=True, slots=True)
class Syntax:
    """What a message of one of the two calls its contents, and the algorithm of a signature."""

    data: str
    signed_data: str
    enveloped_data: str
    signature: AlgorithmIdentifier
    envelope_version: int
    recipient_version: int


# GM/T 0010: the signature is named by the algorithm of the key.
NATIONAL = Syntax(oids.GM_DATA, oids.GM_SIGNED_DATA, oids.GM_ENVELOPED_DATA, AlgorithmIdentifier(oids.SM2_SIGNATURE), 1, 1)
# RFC 5652 §4, §5.1, §6.1, §6.2.1; for the signature the name that time-stamps have too (decision 0025).
INTERNATIONAL = Syntax(oids.DATA, oids.SIGNED_DATA, oids.ENVELOPED_DATA, SM2_WITH_SM3, 0, 0)

SYNTAXES = (NATIONAL, INTERNATIONAL)
# Either name stands in either syntax, as others write them.
SIGNATURE_ALGORITHMS = (oids.SM2_SIGNATURE, oids.SM2_WITH_SM3)
