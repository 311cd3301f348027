"""X.509 with SM2: certificates, requests, and the path from a certificate to an authority that is trusted.

Owns the formats and the rules of RFC 5280 and 2986, as the core of an authority: values in, bytes out, and back.
Does not keep anything, does not decide who gets a certificate, knows no clock, no network and no database; times come in as values.

| module | about |
|---|---|
| ``name``, ``general_name``, ``characters`` | distinguished names, alternative names, and which characters they may have |
| ``extensions/`` | each extension a value of its own |
| ``tbs``, ``certificate`` | what a certificate says; the certificate |
| ``signing`` | the signature around it, through the same ``Signer`` that signs tokens |
| ``request`` | certificate signing requests, with proof of possession |
| ``name_constraints`` | where an authority's names may lie |
| ``lints/`` | what may be certified; only what passed them can be signed |
| ``crl/`` | lists of revoked certificates |
| ``ocsp/`` | questions and answers about the state of one certificate |
| ``cms/`` | signed and enveloped messages |
| ``timestamp/`` | time-stamps: questions, tokens, answers |
| ``revocation``, ``reasons`` | whether a certificate was revoked, and why |
| ``path`` | RFC 5280 §6.1 |
| ``token_signer`` | whether a key signs the tokens of an issuer, by its certificates alone |

Specification: ``docs/specs/x509.md``.
"""
