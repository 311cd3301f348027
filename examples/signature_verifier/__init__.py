"""Verifies a signature that a person exported at ``/me/signatures``: ``python -m examples.signature_verifier signature-7.json``."""
