"""``yima ca``: certificate authorities at the command line.

``founding`` makes them, ``ceremony`` carries requests and certificates between two installations, ``listing`` looks; ``record`` is
how one is shown, and how files are read and written.
"""

from cli.ca import ceremony, founding, listing
from cli.ca.group import command

__all__ = ["ceremony", "command", "founding", "listing"]
