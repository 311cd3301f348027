"""``yima app``: the register of information systems at the command line.

``register`` enters an app, ``review`` decides on it, ``rules`` says what it may do, ``audience`` whom it is for; ``listing`` and
``releases`` look; ``record`` is how one is shown.
"""

from cli.app import audience, listing, register, releases, review, rules
from cli.app.group import command

__all__ = ["audience", "command", "listing", "register", "releases", "review", "rules"]
