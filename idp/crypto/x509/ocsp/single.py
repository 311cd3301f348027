"""SingleResponse (RFC 6960 §4.2.1): the state of one certificate."""

from dataclasses import dataclass
from datetime import datetime

from idp.crypto.der import Reader, tags, writer
from idp.crypto.x509.errors import InvalidOCSPResponse
from idp.crypto.x509.extensions import Extensions
from idp.crypto.x509.extensions.revocation import read_reason
from idp.crypto.x509.ocsp.cert_id import CertID
from idp.crypto.x509.reasons import Reason

_GOOD, _REVOKED, _UNKNOWN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class CertificateState:
    """Good, revoked at a moment (and perhaps why), or, where ``known`` is false, of no certificate that is known."""

    revoked_at: datetime | None = None
    reason: Reason | None = None
    known: bool = True

    @classmethod
    def read(cls, reader: Reader) -> "CertificateState":
        """The next element."""
        if reader.next_is(tags.context(_REVOKED, constructed=True)):
            inner = reader.explicit(_REVOKED)  # implicit over a SEQUENCE: the same bytes
            at, found = inner.generalized_time(), inner.optional_explicit(0)
            reason = None
            if found is not None:
                reason = read_reason(found)
                found.finish()
            inner.finish()
            return cls(at, reason)
        known = reader.next_is(tags.context(_GOOD))
        if reader.content(tags.context(_GOOD if known else _UNKNOWN)):
            raise reader.fail("a NULL with content")
        return cls(known=known)

    def encode(self) -> bytes:
        """Its DER."""
        if self.revoked_at is None:
            return writer.element(tags.context(_GOOD if self.known else _UNKNOWN), b"")
        reason = writer.explicit(0, writer.enumerated(self.reason)) if self.reason is not None else b""
        return writer.explicit(_REVOKED, writer.generalized_time(self.revoked_at) + reason)


@dataclass(frozen=True, slots=True)
class SingleResponse:
    """The state of a certificate, from ``this_update`` until ``next_update``, when there will be newer news."""

    certificate: CertID
    state: CertificateState
    this_update: datetime
    next_update: datetime | None

    @classmethod
    def read(cls, reader: Reader) -> "SingleResponse":
        """The next element. Raises ``MalformedDER``, ``UnsupportedAlgorithm`` and the errors of this room."""
        inner = reader.sequence()
        certificate, state = CertID.read(inner), CertificateState.read(inner)
        this_update, found = inner.generalized_time(), inner.optional_explicit(0)
        next_update = None
        if found is not None:
            next_update = found.generalized_time()
            found.finish()
        more = inner.optional_explicit(1)
        if more is not None:
            unknown = Extensions.read(more, {}).unknown_critical()
            more.finish()
            if unknown is not None:
                raise InvalidOCSPResponse(detail=f"a critical extension: {unknown}")
        inner.finish()
        return cls(certificate, state, this_update, next_update)

    def encode(self) -> bytes:
        """Its DER."""
        until = writer.explicit(0, writer.generalized_time(self.next_update)) if self.next_update is not None else b""
        return writer.sequence(self.certificate.encode(), self.state.encode(), writer.generalized_time(self.this_update), until)
