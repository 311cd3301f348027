"""``yima cas``: the CAS server at the command line.

``service`` enters apps and changes what is said of them, ``record`` is how one is shown and what to paste on its side.
"""

from cli.cas.service import command

__all__ = ["command"]
