"""Passkeys: Web Authentication Level 3, with user verification, whose signatures are checked by py_webauthn.

``options`` says what a page hands to the browser, ``answers`` reads what the browser hands back, ``registration`` and
``assertion`` judge it. These four are functions of values: the challenge, who we are, and what was stored. Attestation is not
asked for: a passkey is taken from any maker, and none is told from another. There is no SM2 in WebAuthn.

``factor`` is the kind as the engine knows it, ``owners`` the handle that authenticators keep a person under. Table:
``passkey_owner``. Addresses, in ``login``: the pages of every kind, and ``/.well-known/webauthn``.
"""
