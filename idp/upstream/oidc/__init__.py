"""OpenID Connect as a relying party: discovery, code with PKCE, nonce and state, ID tokens verified, UserInfo.

Owns ``discovery`` (what the provider says of itself), ``client`` (what we are to it, and how we prove it), ``id_token`` (every
check of OpenID Connect Core 1.0 §3.1.3.7), ``kind`` (the way out and back). No tables, no addresses of its own.
"""
