"""DER (X.690) in the one form it allows: a reader that refuses everything else, and a writer.

Owns tags, lengths, the primitive types that X.509 and its neighbours use, and the object identifiers by name. Does not know what
a certificate is: each structure is read where it is decided about. Why not a library's: ``docs/decisions/0012``.

``reader`` steps over bytes and raises :class:`~idp.crypto.errors.MalformedDER` with the offset; ``writer`` makes bytes of values;
``algorithm_identifier`` is the pair that every structure names its algorithm by; ``sm2_values`` are the signature and the
ciphertext of GM/T 0009; ``oids`` are the names.
"""

from idp.crypto.der.algorithm_identifier import AlgorithmIdentifier
from idp.crypto.der.reader import Reader
from idp.crypto.der.sm2_values import ciphertext_from_der, ciphertext_to_der, signature_from_der, signature_to_der

__all__ = [
    "AlgorithmIdentifier",
    "Reader",
    "ciphertext_from_der",
    "ciphertext_to_der",
    "signature_from_der",
    "signature_to_der",
]
