"""Rosters: how a school's own system keeps its people current here, by SCIM 2.0 (``scim/``) or by a CSV list (``csv/``).

Owns the schools' tokens, what each school said of each of its people (``members``, so that it is told back no more than it gave),
its groups, and what happens to somebody who leaves the last of their schools (``departure``). Tables: ``roster_token``,
``roster_user``, ``roster_group``, ``roster_membership``. Addresses: ``/scim/v2/…``. Holds no rule of its own about numbers,
documents and affiliations: those are :mod:`idp.registry`'s, which decides who is one person.
"""
