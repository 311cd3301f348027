"""``yima cert``: certificates of people, servers, apps and devices at the command line.

``issuing`` makes requests and certificates, ``revoking`` ends them, ``listing`` looks, ``verifying`` checks one; ``record`` is how
one is shown.
"""

from cli.cert import issuing, listing, revoking, verifying
from cli.cert.group import command

__all__ = ["command", "issuing", "listing", "revoking", "verifying"]
