"""Other providers as a way in: people sign in here with an account that they have elsewhere.

Owns which providers there are (``providers``, ``rules``), the sign-in that is under way at one of them (``pending``), what came
back (``arrival``), whose account that is (``links``, ``people``), how much it proves (``trust``), and a folder for each protocol
behind the one interface in ``kinds``: ``oidc``, ``oauth2`` (with its presets), ``cas``. Tables: ``upstream_provider``,
``upstream_link``, ``upstream_request``. Addresses: ``/upstream/<name>/…``, ``/me/upstream/…``. The session is ``login``'s: an
arrival is a first factor in its flow and nothing more.
"""
