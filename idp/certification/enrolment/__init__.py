"""Certificates over HTTP for who was allowed to ask: Enrollment over Secure Transport (RFC 7030, clarified by RFC 8951).

Owns the right to enrol (a credential for one authority, profile and holder, so many times, until a day), the requests that came
under it, their approval by an officer, and the addresses under ``/.well-known/est/AUTHORITY``. Tables: ``enrolment``,
``enrolment_request``. What a certificate says and whether it may be signed is decided by the room around.

| module | about |
|---|---|
| ``rights`` | allowing, stopping, and finding who asks |
| ``requests`` | what became of a request, and an officer's word |
| ``together`` | from requests to certificates at once, all that come at the same time in one transaction |
| ``messages`` | the bodies of RFC 7030 |
| ``site`` | HTTP, answered before Flask is asked |
"""
