"""Co-signing on the phone, as a kind of second factor.

Owns the server's half of each key, the text that is signed, the limits on asking, and the signatures that were made, kept as
evidence. Tables: ``cosign_key``, ``cosign_signature``. The mathematics is ``idp.crypto.cosign``; the messages of the phone come
in through ``idp.phone``.
"""

from idp.mfa.factors.cosign.factor import CoSigning

__all__ = ["CoSigning"]
