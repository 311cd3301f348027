"""The OpenID Provider: authorization, tokens, UserInfo, discovery, on two issuers over the same people and sessions.

``authorize/`` judges requests by an ordered table of checks; ``token/`` holds client authentication and a module for each grant;
the other modules are named after what they decide. Pages and redirects go through Flask (``routes/``); what only programs call is
answered by ``endpoints`` before Flask is asked. Tables: ``oidc_client``, ``authorization_request``, ``authorization_code``,
``oidc_grant``, ``refresh_token``, ``access_token``, ``client_assertion``. Addresses: ``/oauth/…`` and
``/.well-known/openid-configuration``, and the same under ``/intl``. Asks ``login`` for a sign-in; keeps none itself.
"""
