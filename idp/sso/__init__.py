"""One sign-in in other protocols than OpenID Connect: the same people, the same session, one sign-out.

A room for each protocol: ``cas/``, ``saml/``. They ask ``login`` for a sign-in and ``release`` what may be told and whether the
person agreed, and keep what their apps need to know under the id of the app in the register. None imports another.
"""
