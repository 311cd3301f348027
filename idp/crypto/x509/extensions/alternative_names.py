"""subjectAltName (RFC 5280 §4.2.1.6)."""

from dataclasses import dataclass
from typing import ClassVar

from idp.crypto.der import Reader, oids, writer
from idp.crypto.x509.general_name import GeneralName, read_names


@dataclass(frozen=True, slots=True)
class SubjectAltName:
    """The other names of the subject, at least one."""

    names: tuple[GeneralName, ...]
    oid: ClassVar[str] = oids.SUBJECT_ALT_NAME

    @classmethod
    def read(cls, reader: Reader) -> "SubjectAltName":
        """The content."""
        return cls(read_names(reader.sequence()))

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.sequence(*(name.encode() for name in self.names))
