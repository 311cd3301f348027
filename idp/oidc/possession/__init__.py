"""Tokens that are worth nothing without a key: bound by DPoP proofs (RFC 9449) or by the app's TLS certificate (RFC 8705).

``confirmation`` is the binding itself, the ``cnf`` of a token; ``dpop`` and ``certificate`` tell what a request proves to have.
Table: ``dpop_proof``.
"""
