"""``yima cert``: certificates of people, servers, apps and devices at the command line.

``issuing`` makes requests and certificates, ``requests`` decides on those that came over HTTP, ``renewing`` makes successors,
``revoking`` ends them, ``listing`` looks, ``verifying`` checks one, ``escrow`` brings encryption keys to their holders,
``exporting`` writes a server's files; ``record`` is how one is shown.
"""

from cli.cert import escrow, exporting, issuing, listing, renewing, requests, revoking, verifying
from cli.cert.group import command

__all__ = ["command", "escrow", "exporting", "issuing", "listing", "renewing", "requests", "revoking", "verifying"]
