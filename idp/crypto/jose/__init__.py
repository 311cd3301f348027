"""Tokens: JSON Web Signature with the national algorithm beside the international ones, and the keys for it.

joserfc computes RS256, ES256 and PS256; ``algorithms`` adds SGD_SM3_SM2 (GM/T 0125.1) and its key, in a registry of our own.
Reading is stricter than the RFCs demand, see ``docs/specs/sm-jose.md``. What a token claims is the caller's matter.
"""

from idp.crypto.jose.keyset import KeySet
from idp.crypto.jose.signer import Signer, SoftwareSigner, generate_signer

__all__ = ["KeySet", "Signer", "SoftwareSigner", "generate_signer"]
