"""The national algorithms, and JOSE over them.

Owns SM2, SM3 and SM4 behind one typed face, the engines that compute them, strict encodings, tokens (``jose/``), the envelope
for secrets at rest and the password verifier. Knows no Flask, no database and no setting: keys come in as values. Nothing
outside ``engines/`` imports gmssl. Not constant-time where the engine is gmssl: see ``docs/decisions/0002``.
"""
