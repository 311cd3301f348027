"""TimeStampResp (RFC 3161 §2.4.2): a token, or the word why there is none."""

from dataclasses import dataclass
from enum import IntEnum

from idp.crypto.der import Reader, tags, writer
from idp.crypto.x509.errors import InvalidTimeStamp
from idp.crypto.x509.timestamp.token import MAX_BYTES as MAX_TOKEN
from idp.crypto.x509.timestamp.token import TimeStampToken

MAX_BYTES = MAX_TOKEN + 4096
_GRANTED, _WITH_MODIFICATIONS, _REJECTION, _LAST_STATUS = 0, 1, 2, 5


class FailureInfo(IntEnum):
    """PKIFailureInfo: the bits that a time-stamp authority may set."""

    BAD_ALG = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    ADD_INFO_NOT_AVAILABLE = 17
    SYSTEM_FAILURE = 25


@dataclass(frozen=True, slots=True)
class TimeStampResponse:
    """``token`` is there exactly when the request was granted; ``failures`` else says why not, as far as the bits are known."""

    token: TimeStampToken | None
    failures: frozenset[FailureInfo] = frozenset()

    @classmethod
    def from_der(cls, der: bytes) -> "TimeStampResponse":
        """Raises ``MalformedDER``, ``UnsupportedAlgorithm`` and the errors of this room."""
        reader = Reader(der, limit=MAX_BYTES)
        outer = reader.sequence()
        reader.finish()
        status = outer.sequence()
        number = status.small_integer(_LAST_STATUS)
        if status.next_is(tags.SEQUENCE):
            texts = status.sequence()
            while not texts.at_end():
                texts.text(tags.UTF8_STRING)
        bits = status.named_bits() if status.next_is(tags.BIT_STRING) else frozenset()
        status.finish()
        token = None if outer.at_end() else TimeStampToken.from_der(outer.any_element())
        outer.finish()
        if (token is not None) != (number in (_GRANTED, _WITH_MODIFICATIONS)):
            raise InvalidTimeStamp(detail="a token without being granted, or granted without a token")
        return cls(token, frozenset(one for one in FailureInfo if one in bits))

    def granted(self) -> TimeStampToken:
        """The token. Raises :class:`InvalidTimeStamp` where there is none."""
        if self.token is None:
            words = ", ".join(sorted(one.name for one in self.failures)) or "no reason given"
            raise InvalidTimeStamp(detail=f"refused: {words}")
        return self.token


def granted(token: bytes) -> bytes:
    """The DER of an answer with a token."""
    return writer.sequence(writer.sequence(writer.integer(_GRANTED)), token)


def refusal(failure: FailureInfo) -> bytes:
    """The DER of an answer without one; it is not signed."""
    return writer.sequence(writer.sequence(writer.integer(_REJECTION), writer.named_bits([failure])))
