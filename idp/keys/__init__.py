"""The key ring: which keys there are, which one is used when, and what is sealed under them.

Owns the table ``key``, the master key that every other key is sealed under, rotation by time (next, active, retired), the
public key sets, and :class:`Vault`, through which the rooms above seal secrets and look up sealed values. Private keys leave
this room only as a ``Signer``. Does not know who signs what: that is the caller's matter.
"""

from idp.keys.ring import KeyRing
from idp.keys.vault import Vault

__all__ = ["KeyRing", "Vault"]
