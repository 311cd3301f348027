"""``yima key``: the key ring at the command line.

``listing`` looks, ``rotating`` changes and withdraws keys, ``chain`` brings certificates of token keys from authorities elsewhere,
``devices`` takes keys of cryptographic devices into use, ``resealing`` brings everything under the newest key and destroys the
old, ``master`` changes the master key, ``custody`` splits it among people, ``emergency`` is for keys in wrong hands; ``record`` is
how one is shown.
"""

from cli.key import chain, custody, devices, emergency, listing, master, resealing, rotating
from cli.key.group import command

__all__ = ["chain", "command", "custody", "devices", "emergency", "listing", "master", "resealing", "rotating"]
