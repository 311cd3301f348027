"""``yima signing``: the keys of the signing service, what apps may do with them, and the service itself on files.

Holds no rule of its own: everything is :mod:`idp.signing`.
"""

from cli.signing import document, key, permission, verifying
from cli.signing.group import command

__all__ = ["command", "document", "key", "permission", "verifying"]
