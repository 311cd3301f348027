"""A CAS server: protocol 1.0, 2.0 and 3.0, proxy tickets, SAML 1.1 validation, single logout.

Owns ``registration``, ``rules`` and ``services`` (which apps there are, at which addresses), ``service_url`` (what matches),
``sign_in`` (what a request needs), ``tickets`` (given, spent once, ended with the session), ``identity`` (as whom an app knows a
person, and what else it is told), ``validation``, ``proxy`` and ``saml11`` (what programs ask), ``answers`` (XML and JSON),
``logout`` (telling apps that a session has ended), and the pages in ``routes/``. Tables: ``cas_service``, ``cas_request``,
``cas_ticket``, ``cas_login``. Addresses: ``/login``, ``/logout``, ``/validate``, ``/serviceValidate``, ``/proxyValidate``,
``/proxy``, ``/samlValidate`` and ``/p3/…`` under each prefix of the setting ``cas_prefixes``. The sign-in itself is ``login``'s:
this room sees no password.
"""
