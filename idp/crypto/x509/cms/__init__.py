"""Signed and enveloped messages: GM/T 0010 and, by the same structures under its own identifiers, RFC 5652 (CMS).

Owns the structures and what must hold between their parts: a signature, its attributes and what they are about; an envelope, its
recipients and its content. Whether a signer is trusted belongs to :mod:`idp.crypto.x509.path`.

| module | about |
|---|---|
| ``syntax`` | the identifiers of the two syntaxes |
| ``attributes``, ``signing_certificate`` | what stands beside a signature |
| ``signed_data`` | signed messages as they are read |
| ``signing`` | signing one |
| ``verify`` | whether a signature is by its signer over its document |
| ``enveloped_data`` | encrypting to certificates, and opening |

We have not read GM/T 0010-2023; the structure is the one that GB/T 35275 and the implementations agree on. Specification:
``docs/specs/signed-messages.md``.
"""
