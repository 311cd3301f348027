"""``yima ca``: certificate authorities at the command line.

``founding`` makes them, ``ceremony`` carries requests and certificates between two installations, ``hosting`` serves the files of
one without a network, ``enrolment`` lets others ask over HTTP, ``listing`` looks, ``timestamp`` starts the time-stamp service,
``tokens`` lets an authority certify the keys that sign tokens; ``record`` is how one is shown, and how files are read and written.
"""

from cli.ca import ceremony, enrolment, founding, hosting, listing, timestamp, tokens
from cli.ca.group import command

__all__ = ["ceremony", "command", "enrolment", "founding", "hosting", "listing", "timestamp", "tokens"]
