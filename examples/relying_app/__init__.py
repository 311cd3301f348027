"""A school app in five minutes: an ordinary OpenID Connect client, and a verifier for SM2-signed tokens.

Owns nothing of the provider and imports nothing of it: this folder can be copied out. ``app.py`` signs people in with Authlib;
``sm2_token.py`` checks the SM2/SM3 signature with the standard library alone; ``python -m examples.relying_app`` starts it.
"""
