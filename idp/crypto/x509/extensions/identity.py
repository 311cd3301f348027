"""The identity extension of GM/T 0015-2023 that we write: the unified social credit code of an institution.

The standard has others, for the numbers of natural persons. Certificates are public, so none of those is ever written, and the
lints refuse them. Identifier and string type are those that XiPKI publishes; the standard's text we have not read.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from idp.crypto.der import Reader, oids, tags, writer
from idp.crypto.x509.errors import InvalidExtension

_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")  # GB 32100-2015 §4: its alphabet and its parts


@dataclass(frozen=True, slots=True)
class UnifiedCreditCode:
    """Eighteen characters. The check characters are the registry's matter."""

    code: str
    oid: ClassVar[str] = oids.GM_UNIFIED_CREDIT_CODE

    @classmethod
    def read(cls, reader: Reader) -> "UnifiedCreditCode":
        """The content."""
        code = reader.text(tags.PRINTABLE_STRING)
        if _CODE.fullmatch(code) is None:
            raise InvalidExtension(extension="unifiedSocialCreditCode")
        return cls(code)

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.text(tags.PRINTABLE_STRING, self.code)
