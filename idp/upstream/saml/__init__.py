"""SAML 2.0 as a service provider: a Shibboleth IdP, CARSI's members and others as a way in (web browser SSO, SAML Profiles §4.1).

Owns ``settings`` (what is known of an identity provider), ``idp_metadata`` (reading it from what the provider or a federation
publishes), ``request`` (the signed ``AuthnRequest``), ``decryption``, ``assertion`` (every check of an answer), ``own_metadata``
(what the other side needs to know of us), ``kind`` (the way out and back). XML is read, and signatures are verified, by the
identity provider's own modules (:mod:`idp.sso.saml`). No tables; its one address is ``/upstream/<name>/metadata``.
"""
