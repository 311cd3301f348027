"""What we claim about speed, measured on this machine, beside something else measured in the same run.

``make bench`` prints a table and writes ``bench/results.json``; ``make bench ONLY=name`` runs one part. Parts: ``crypto``
(engines beside ``openssl speed``), ``cosign`` (the server's answer to a phone, whole ceremonies), ``mutations`` (how many
broken tokens and inputs of every format get through), ``http`` (endpoints beside npm's oidc-provider), ``flow`` (whole
sign-ins), ``tokens`` (introspection, PAR with DPoP, a thousand apps), ``pki`` (the certificate authority), ``newcomer`` (what
somebody meets who tries it), ``otp`` (one-time codes), ``phone`` (the signing app on a slow telephone), ``sms`` (the queue,
over CMPP), ``roster`` (a school's pupils by SCIM), ``sso`` (CAS, SAML, a sign-out of fifty apps). Nothing here is a test; no
test asserts a time.
"""
