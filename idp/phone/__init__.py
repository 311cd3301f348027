"""The phone's own origin: the app as files, and the messages by which it co-signs.

Owns the routing by host (``phone_url``), the files under ``static/`` (built from ``phone/``, with their digests in
``SHA256SUMS``), the strict reading of what the phone sends, its device signature, and what each message does. On the main origin
it owns ``/cosign/state``, which a waiting page asks, and ``/me/signatures``, where people see what they signed. Has no table: keys
and signatures belong to ``idp.mfa.factors.cosign``. Nothing of the phone's origin goes through Flask or sets a cookie.
"""
