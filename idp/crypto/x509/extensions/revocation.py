"""What a list of revoked certificates says of itself and of each entry (RFC 5280 §5.2, §5.3)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from idp.crypto.der import Reader, oids, tags, writer
from idp.crypto.x509.errors import InvalidExtension
from idp.crypto.x509.extensions.distribution import encode_full_name, read_full_name
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.reasons import Reason

MAX_NUMBER_BYTES = 20
_USER_ONLY, _AUTHORITIES_ONLY = 1, 2


@dataclass(frozen=True, slots=True)
class CRLNumber:
    """RFC 5280 §5.2.3: grows with every list of an issuer; at most twenty bytes."""

    number: int
    oid: ClassVar[str] = oids.CRL_NUMBER

    @classmethod
    def read(cls, reader: Reader) -> "CRLNumber":
        """The content."""
        number = reader.integer()
        if number < 0 or number.bit_length() >= 8 * MAX_NUMBER_BYTES:
            raise InvalidExtension(extension="cRLNumber")
        return cls(number)

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.integer(self.number)


@dataclass(frozen=True, slots=True)
class IssuingDistributionPoint:
    """RFC 5280 §5.2.5: which part of an issuer's certificates the list is about.

    Indirect lists, lists of attribute certificates and lists by reason are refused: none of them says of a certificate that it
    is good.
    """

    names: tuple[GeneralName, ...] = ()
    only_user: bool = False
    only_authorities: bool = False
    oid: ClassVar[str] = oids.ISSUING_DISTRIBUTION_POINT

    @classmethod
    def read(cls, reader: Reader) -> "IssuingDistributionPoint":
        """The content."""
        inner = reader.sequence()
        names = read_full_name(inner) if inner.next_is(tags.context(0, constructed=True)) else ()
        only_user, only_authorities = (inner.default_false(tags.context(n)) for n in (_USER_ONLY, _AUTHORITIES_ONLY))
        inner.finish()
        found = cls(names, only_user, only_authorities)
        if found == cls() or (only_user and only_authorities):
            raise InvalidExtension(extension="issuingDistributionPoint", detail="empty, or of nobody")
        return found

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.sequence(
            encode_full_name(self.names) if self.names else b"",
            writer.default_false(self.only_user, tags.context(_USER_ONLY)),
            writer.default_false(self.only_authorities, tags.context(_AUTHORITIES_ONLY)),
        )


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """RFC 5280 §5.3.1, of an entry. Unspecified should be left out, but is read; removeFromCRL stands in delta lists only."""

    reason: Reason
    oid: ClassVar[str] = oids.REASON_CODE

    @classmethod
    def read(cls, reader: Reader) -> "ReasonCode":
        """The content."""
        return cls(read_reason(reader))

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.enumerated(self.reason)


@dataclass(frozen=True, slots=True)
class InvalidityDate:
    """RFC 5280 §5.3.2, of an entry: since when the key is suspected, which may be before it was revoked."""

    since: datetime
    oid: ClassVar[str] = oids.INVALIDITY_DATE

    @classmethod
    def read(cls, reader: Reader) -> "InvalidityDate":
        """The content."""
        return cls(reader.generalized_time())

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.generalized_time(self.since)


def read_reason(reader: Reader) -> Reason:
    """The next element, an ENUMERATED with a meaning in a complete list. Raises ``MalformedDER``, :class:`InvalidExtension`."""
    try:
        reason = Reason(reader.enumerated())
    except ValueError:
        raise InvalidExtension(extension="reasonCode") from None
    if reason is Reason.REMOVE_FROM_CRL:
        raise InvalidExtension(extension="reasonCode", detail="in a list that is not a delta")
    return reason
