"""One entry of a list: which certificate, since when, why (RFC 5280 §5.1.2.6, §5.3)."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from idp.crypto.der import Reader, oids, tags, writer
from idp.crypto.x509.errors import InvalidRevocationList
from idp.crypto.x509.extensions import Extensions, InvalidityDate, Kinds, ReasonCode
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.signing import element_bytes
from idp.crypto.x509.tbs import check_serial_number, read_serial_number

_KINDS: Kinds = {oids.REASON_CODE: ReasonCode, oids.INVALIDITY_DATE: InvalidityDate}


@dataclass(frozen=True, slots=True)
class RevokedCertificate:
    """An entry. A reason that is unspecified is not written (RFC 5280 §5.3.1)."""

    serial_number: int
    revoked_at: datetime
    reason: Reason = Reason.UNSPECIFIED
    invalid_since: datetime | None = None

    @classmethod
    def read(cls, reader: Reader) -> "RevokedCertificate":
        """The next element. Raises ``MalformedDER`` and the errors of this room."""
        inner = reader.sequence()
        serial_number, revoked_at = read_serial_number(inner), inner.time()
        if inner.at_end():
            return cls(serial_number, revoked_at)
        reason, invalid_since = _read_extensions(element_bytes(inner))
        inner.finish()
        return cls(serial_number, revoked_at, reason, invalid_since)

    def encode(self) -> bytes:
        """Its DER."""
        check_serial_number(self.serial_number)
        number, moment = writer.integer(self.serial_number), writer.time(self.revoked_at)
        return writer.element(tags.SEQUENCE, number + moment + _encode_extensions(self.reason, self.invalid_since))


# A list has one entry for each certificate, and hardly more than ten different sets of extensions among them.
@lru_cache(maxsize=1024)
def _read_extensions(der: bytes) -> tuple[Reason, datetime | None]:
    reader = Reader(der, limit=len(der))
    extensions = Extensions.read(reader, _KINDS)
    reader.finish()
    # RFC 5280 §5.3: a critical extension that is not known makes the whole list useless; certificateIssuer is one.
    unknown = extensions.unknown_critical()
    if unknown is not None:
        raise InvalidRevocationList(detail=f"a critical extension in an entry: {unknown}")
    reason, since = extensions.get(ReasonCode), extensions.get(InvalidityDate)
    return (reason.reason if reason else Reason.UNSPECIFIED), (since.since if since else None)


@lru_cache(maxsize=1024)
def _encode_extensions(reason: Reason, invalid_since: datetime | None) -> bytes:
    values: list[tuple[ReasonCode | InvalidityDate, bool]] = []
    if reason is not Reason.UNSPECIFIED:
        values.append((ReasonCode(reason), False))
    if invalid_since is not None:
        values.append((InvalidityDate(invalid_since), False))
    return Extensions.of(*values).encode() if values else b""
