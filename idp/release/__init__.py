"""What apps may know about people, what people agreed to, and what was told: the same for every protocol an app speaks.

``scopes`` are the kinds of data in the words people read, ``claims`` what each says of a person, ``consent`` what was agreed to and
taken back, ``routes.page`` the page that asks. ``ledger`` writes a release down in the transaction that makes it, ``report`` reads
the record: only names of claims are kept, never values, and a row for each day, app, place and set of names, so that the table is
bounded by how many people use how many apps. Tables: ``consent``, ``data_release``. Addresses: ``/me/releases``,
``/me/consents/revoke``. Knows no protocol; what taking a consent back ends there, each protocol's room says (``extension``). What
introspection tells a resource server is no claim about a person but a name of its sector, and is not here.
"""
