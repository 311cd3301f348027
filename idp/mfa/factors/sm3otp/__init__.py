"""SM3 one-time passwords (GM/T 0021): hardware tokens that tell the time, count, or answer a challenge, and apps that do so.

Owns two kinds, ``sm3otp`` and ``sm3challenge``, the list of tokens, the import of their seeds, and whose token is whose. The
algorithm is :mod:`idp.crypto.sm3_otp`. Table: ``otp_token``.
"""
