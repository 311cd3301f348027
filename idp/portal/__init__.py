"""The portal (一网通办): after the sign-in, the apps that this person may use, and what the school has to tell them.

Owns the start page ``/``, and the tables ``portal_entry`` (how an app is shown: group, address, hidden or not),
``portal_favourite`` and ``portal_notice``. What apps there are is the register's (:mod:`idp.apps`), whom each is for too; how one
is opened is its protocol's, which tells the portal by a function given to :func:`idp.portal.install.install`.
"""
