"""A SAML 2.0 identity provider: web browser single sign-on, single logout, metadata, federation feeds.

Owns ``xml`` (reading what strangers send), ``signature`` and ``encryption``, ``bindings`` (how messages come and go), ``metadata``
(what apps' metadata says), ``own_metadata``, ``registration``, ``rules`` and ``providers`` (which apps there are), ``feed`` (those
of a federation), ``authn_request``, ``contexts`` and ``sign_in`` (what a request asks and needs), ``attributes``, ``answer`` and
``response`` (what an app is told), ``logout``, and the addresses in ``routes/``. Tables: ``saml_provider``, ``saml_feed``,
``saml_request``, ``saml_seen``, ``saml_login``. Addresses: everything under ``/saml2``. The sign-in itself is ``login``'s: this
room sees no password; the signing key is ``keys``'.
"""
