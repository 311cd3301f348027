"""The certificate authority: ministry, province, school, and what they certify.

Owns the authorities and their sealed keys, the profiles that certificates follow (``certs/profiles``), issuance, revocation, the
lists of revoked certificates, the OCSP responder, and the pages and files under ``/ca``. Tables: ``certificate_authority``,
``certificate``, ``revocation``, ``escrowed_key``, ``revocation_list``, ``ocsp_answer``, ``hosted_authority``,
``hosted_revocation_list``, ``timestamp_authority``, ``timestamp``, ``token_authority``, ``enrolment``, ``enrolment_request``.
Formats and lints belong to ``idp.crypto.x509``. Does not decide who a person is or which school there is: it asks the registry, and
follows it when somebody is disabled or a school is closed.

| module | about |
|---|---|
| ``office`` | what every act needs beside its transaction |
| ``authorities``, ``ceremony`` | founding an authority, below another one or by files between two installations |
| ``profiles``, ``subjects`` | what a certificate of a kind says, and whose name stands in it |
| ``issuance`` | from a request to a certificate, kept before it is handed out |
| ``double`` | a signing certificate with an encryption certificate, whose key is kept and recovered by two |
| ``status/`` | revoking, holding, releasing, by hand or because the registry says so; telling the world by lists and by answers |
| ``renewals`` | what ends soon, its renewal, reminders |
| ``timestamping/`` | the time-stamp service of an authority |
| ``tokens/`` | certificates for the keys that sign tokens: mutual recognition |
| ``presented`` | a certificate that somebody shows to sign in, or an app to authenticate |
| ``upkeep`` | what time does: lists fall due, responders and time-stamp services are renewed |
| ``fronts`` | a server's certificates and keys in files, for the program that speaks TLS |
| ``enrolment/`` | certificates over HTTP for who was allowed to ask (EST) |
| ``answers``, ``site``, ``routes/`` | HTTP |
"""
