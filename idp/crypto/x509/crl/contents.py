"""TBSCertList (RFC 5280 §5.1.2): what a list says, and what it may not say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from idp.crypto.der import AlgorithmIdentifier, Reader, tags, writer
from idp.crypto.x509.crl.entry import RevokedCertificate
from idp.crypto.x509.errors import InvalidRevocationList, UnsupportedVersion
from idp.crypto.x509.extensions import AuthorityKeyIdentifier, CRLNumber, Extensions, IssuingDistributionPoint, Kinds
from idp.crypto.x509.name import Name
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.signing import SM2_WITH_SM3, read_algorithm

V2 = 1
_KINDS: Kinds = {kind.oid: kind for kind in (AuthorityKeyIdentifier, CRLNumber, IssuingDistributionPoint)}


@dataclass(frozen=True, slots=True)
class RevocationListContents:
    """The contents of a complete list of version 2."""

    issuer: Name
    this_update: datetime
    next_update: datetime
    entries: Sequence[RevokedCertificate]
    extensions: Extensions
    signature: AlgorithmIdentifier = SM2_WITH_SM3

    @classmethod
    def read(cls, reader: Reader) -> "RevocationListContents":
        """The next element. Raises ``MalformedDER``, ``UnsupportedAlgorithm`` and the errors of this room."""
        inner = reader.sequence()
        if not inner.next_is(tags.INTEGER) or inner.integer() != V2:  # absent: version 1, which has no number
            raise UnsupportedVersion
        signature = read_algorithm(inner)
        issuer = Name.read(inner)
        this_update = inner.time()
        if not (inner.next_is(tags.UTC_TIME) or inner.next_is(tags.GENERALIZED_TIME)):
            raise InvalidRevocationList(detail="no nextUpdate")  # RFC 5280 §5.1.2.5: it must be there
        next_update = inner.time()
        entries = _read_entries(inner)
        if inner.at_end():
            raise InvalidRevocationList(detail="no extensions")
        found = inner.explicit(0)
        extensions = Extensions.read(found, _KINDS)
        found.finish()
        inner.finish()
        contents = cls(issuer, this_update, next_update, entries, extensions, signature)
        check_contents(contents)
        return contents

    def encode(self) -> bytes:
        """The DER. Raises what :func:`check_contents` raises."""
        check_contents(self)
        return writer.sequence(
            writer.integer(V2),
            self.signature.encode(),
            self.issuer.der,
            writer.time(self.this_update),
            writer.time(self.next_update),
            # RFC 5280 §5.1.2.6: without a revoked certificate the list is absent, not empty.
            writer.sequence(*(entry.encode() for entry in self.entries)) if self.entries else b"",
            writer.explicit(0, self.extensions.encode()),
        )

    @property
    def number(self) -> int:
        """Its number among the lists of its issuer."""
        found = self.extensions.get(CRLNumber)
        if found is None:
            raise InvalidRevocationList(detail="no number")
        return found.number

    @property
    def part(self) -> IssuingDistributionPoint | None:
        """The part of the issuer's certificates that it is about; nothing for all of them."""
        return self.extensions.get(IssuingDistributionPoint)


def list_extensions(number: int, key_identifier: bytes, part: IssuingDistributionPoint | None = None) -> Extensions:
    """The extensions that a list must have: whose key, which number, and which part where it is one."""
    always = (AuthorityKeyIdentifier(key_identifier), False), (CRLNumber(number), False)
    return Extensions.of(*always) if part is None else Extensions.of(*always, (part, True))


def check_contents(contents: RevocationListContents) -> None:
    """What RFC 5280 asks of the parts together. Raises :class:`InvalidRevocationList`."""
    extensions, part = contents.extensions, contents.part
    unknown = extensions.unknown_critical()
    if unknown is not None:  # a delta list says so in a critical extension, and ends here
        raise InvalidRevocationList(detail=f"a critical extension: {unknown}")
    if extensions.get(CRLNumber) is None or extensions.get(AuthorityKeyIdentifier) is None:  # RFC 5280 §5.2: both must be there
        raise InvalidRevocationList(detail="no number, or no authority key identifier")
    if part is not None and not extensions.is_critical(part.oid):  # RFC 5280 §5.2.5
        raise InvalidRevocationList(detail="a part that is not critical")
    if not contents.issuer:
        raise InvalidRevocationList(detail="an issuer without a name")  # RFC 5280 §5.1.2.3
    if contents.next_update <= contents.this_update:
        raise InvalidRevocationList(detail="nextUpdate before thisUpdate")
    if len({entry.serial_number for entry in contents.entries}) != len(contents.entries):
        raise InvalidRevocationList(detail="a certificate twice")
    if any(entry.revoked_at > contents.this_update for entry in contents.entries):
        raise InvalidRevocationList(detail="revoked in the future")
    if any(entry.reason is Reason.REMOVE_FROM_CRL for entry in contents.entries):
        raise InvalidRevocationList(detail="removeFromCRL in a list that is not a delta")  # RFC 5280 §5.3.1


def _read_entries(reader: Reader) -> tuple[RevokedCertificate, ...]:
    if not reader.next_is(tags.SEQUENCE):
        return ()
    inner, entries = reader.sequence(), []
    while not inner.at_end():
        entries.append(RevokedCertificate.read(inner))
    if not entries:
        raise inner.fail("an empty list where none is due")
    return tuple(entries)
