"""The signing service (签名验签服务): the school's other systems have documents signed, verified, stamped and enveloped here.

Owns the service's own keys with their certificates, which app may do what with which of them, the checks behind a verdict on
somebody's signature, and the endpoints under ``/signing/v1``. Tables: ``signing_key``, ``signing_key_version``,
``signing_permission``. Keys never leave; a document is never kept, only its digest in the journal. Formats belong to
:mod:`idp.crypto.x509.cms`, certificates to :mod:`idp.certification`, access tokens to :mod:`idp.oidc`.

| module | about |
|---|---|
| ``keys``, ``upkeep`` | keys: adding, rotating, stopping them; renewal in time |
| ``permissions`` | which app may do what with which key, and how often |
| ``signing``, ``envelopes`` | the acts with a private key |
| ``trust``, ``verification`` | whom we believe, and the verdict on a signature |
| ``requests`` | what programs may send, checked strictly |
| ``admission``, ``endpoints``, ``description`` | HTTP: whose token, what to do, and its description |
"""
