"""Apps as OpenID clients: what they say of themselves (client metadata), what may be registered, how their keys are found.

``metadata`` has the fields under their registered names, ``rules`` what contradicts what, ``registration`` the acts; ``client`` is
a registered client as requests see it. Table: ``oidc_client``.
"""
