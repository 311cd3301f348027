"""``yima key``: the key ring at the command line.

``rotating`` lists, rotates and retires; ``chain`` brings certificates of token keys from authorities elsewhere.
"""

from cli.key import chain, rotating
from cli.key.group import command

__all__ = ["chain", "command", "rotating"]
