"""How a key in a device is named, in commands and in the database: ``sdf:LABEL#INDEX``."""

import re
from dataclasses import dataclass

from idp.crypto.devices.errors import InvalidKeyReference

LABEL = r"[a-z0-9][a-z0-9-]{0,30}"
# GM/T 0018 §5.4: index 0 is the device's own pair of keys, those of users begin at 1.
_REFERENCE = re.compile(rf"sdf:({LABEL})#([1-9][0-9]{{0,5}})")


@dataclass(frozen=True, slots=True, order=True)
class KeyReference:
    """The key at ``index`` of the device that the settings call ``label``."""

    label: str
    index: int

    @classmethod
    def parse(cls, text: str) -> "KeyReference":
        """Reads ``sdf:LABEL#INDEX``. Raises :class:`InvalidKeyReference`."""
        found = _REFERENCE.fullmatch(text)
        if found is None:
            raise InvalidKeyReference
        return cls(found[1], int(found[2]))

    def __str__(self) -> str:
        return f"sdf:{self.label}#{self.index}"
