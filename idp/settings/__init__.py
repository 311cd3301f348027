"""Every setting of Yima: ``installation`` reads and checks them together, a module beside it describes those of each room.

A setting is an environment variable ``YIMA_<NAME>``, or a line in ``yima.toml`` in the data folder. Decides nothing by them.
"""

from idp.settings.installation import Settings, SettingsError, is_loopback, load

__all__ = ["Settings", "SettingsError", "is_loopback", "load"]
