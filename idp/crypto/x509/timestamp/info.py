"""TSTInfo (RFC 3161 §2.4.2): what a time-stamp says."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from idp.crypto.der import Reader, tags, writer
from idp.crypto.x509.errors import InvalidTimeStamp
from idp.crypto.x509.general_name import DIRECTORY, GeneralName
from idp.crypto.x509.name import Name
from idp.crypto.x509.tbs import read_serial_number
from idp.crypto.x509.timestamp.imprint import MessageImprint
from idp.crypto.x509.timestamp.request import read_nonce

_V1 = 1
# RFC 3161 §2.4.2: a fraction has no zero at its end, and in DER none that is empty.
_TIME = re.compile(rb"(\d{14})(?:\.(\d{0,8}[1-9]))?Z")
_MAX_SECONDS = 86_400 * 366


@dataclass(frozen=True, slots=True)
class TimeStampInfo:
    """``imprint`` existed at ``at``, give or take ``accuracy``. ``authority`` is the name of who says so."""

    policy: str
    imprint: MessageImprint
    serial_number: int
    at: datetime
    accuracy: timedelta | None = None
    nonce: int | None = None
    authority: Name | None = None
    ordering: bool = False

    @classmethod
    def from_der(cls, der: bytes) -> "TimeStampInfo":
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm`` and the errors of this room."""
        reader = Reader(der, limit=1 << 14)
        inner = reader.sequence()
        reader.finish()
        inner.version(_V1)
        policy = inner.oid()
        imprint = MessageImprint.read(inner)
        serial_number = read_serial_number(inner)
        at = _read_time(inner)
        accuracy = _read_accuracy(inner.sequence()) if inner.next_is(tags.SEQUENCE) else None
        ordering = inner.default_false()
        nonce = read_nonce(inner)
        authority = _read_authority(inner.optional_explicit(0))
        _read_extensions(inner)
        inner.finish()
        return cls(policy, imprint, serial_number, at, accuracy, nonce, authority, ordering)

    def encode(self) -> bytes:
        """Its DER. ``at`` is a whole second."""
        return writer.sequence(
            writer.integer(_V1),
            writer.oid(self.policy),
            self.imprint.encode(),
            writer.integer(self.serial_number),
            writer.generalized_time(self.at),
            _accuracy(self.accuracy) if self.accuracy is not None else b"",
            writer.default_false(self.ordering),
            writer.integer(self.nonce) if self.nonce is not None else b"",
            writer.explicit(0, GeneralName.directory(self.authority).encode()) if self.authority is not None else b"",
        )


def _accuracy(value: timedelta) -> bytes:
    """``Accuracy ::= SEQUENCE { seconds OPTIONAL, millis [0] (1..999) OPTIONAL, micros [1] (1..999) OPTIONAL }``."""
    seconds, rest = value // timedelta(seconds=1), value % timedelta(seconds=1)
    millis, micros = divmod(rest.microseconds, 1000)
    return writer.sequence(
        writer.integer(seconds) if seconds else b"",
        writer.integer(millis, tags.context(0)) if millis else b"",
        writer.integer(micros, tags.context(1)) if micros else b"",
    )


def _read_accuracy(reader: Reader) -> timedelta:
    seconds = reader.small_integer(_MAX_SECONDS) if reader.next_is(tags.INTEGER) else 0
    millis = reader.small_integer(999, tags.context(0)) if reader.next_is(tags.context(0)) else 0
    micros = reader.small_integer(999, tags.context(1)) if reader.next_is(tags.context(1)) else 0
    reader.finish()
    return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)


def _read_time(reader: Reader) -> datetime:
    at = reader.position
    found = _TIME.fullmatch(reader.content(tags.GENERALIZED_TIME))
    try:
        if found is not None:
            moment = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            return moment.replace(microsecond=int((found[2] or b"0").ljust(6, b"0")[:6]))
    except ValueError:
        pass
    raise reader.fail("not a time", at)


def _read_authority(reader: Reader | None) -> Name | None:
    if reader is None:
        return None
    name = GeneralName.read(reader)
    reader.finish()
    return name.value if name.kind == DIRECTORY and isinstance(name.value, Name) else None


def _read_extensions(reader: Reader) -> None:
    if not reader.next_is(tags.context(1, constructed=True)):
        return
    listed = reader.nested(tags.context(1, constructed=True))
    while not listed.at_end():
        one = listed.sequence()
        kind, critical = one.oid(), one.default_false()
        one.octets()
        one.finish()
        if critical:
            raise InvalidTimeStamp(detail=f"a critical extension: {kind}")
