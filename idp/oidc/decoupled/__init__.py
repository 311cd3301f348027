"""Sign-ins where the app and the person's phone do not share a browser: the device flow (RFC 8628) and CIBA.

``request`` is what both have in common: a row that waits for the person's answer, is asked for by polling, and is spent once.
Table: ``decoupled_request``.
"""
