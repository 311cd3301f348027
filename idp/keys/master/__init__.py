"""The master key: 32 random bytes that every other key is sealed under. Nothing else is, so it changes in one transaction.

``files`` makes and reads it, ``held`` is what a process holds of it, also while it changes, ``change`` changes it,
``in_device`` has a device alone open its file. How several people keep it is the matter of :mod:`idp.keys.custodians`.
"""

from idp.keys.master.files import create
from idp.keys.master.held import HeldMaster

__all__ = ["HeldMaster", "create"]
