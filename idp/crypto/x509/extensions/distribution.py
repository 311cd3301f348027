"""Where to find the state of a certificate and its issuer: cRLDistributionPoints and authorityInfoAccess."""

from dataclasses import dataclass
from typing import ClassVar

from idp.crypto.der import Reader, oids, writer
from idp.crypto.x509.errors import InvalidExtension
from idp.crypto.x509.general_name import GeneralName, read_names


def read_full_name(reader: Reader) -> tuple[GeneralName, ...]:
    """DistributionPointName under ``[0]``: its fullName. RFC 5280 §4.2.1.13 advises against the other."""
    inner = reader.explicit(0)
    names = read_names(inner.explicit(0))
    inner.finish()
    return names


def encode_full_name(names: tuple[GeneralName, ...]) -> bytes:
    """DistributionPointName under ``[0]``."""
    return writer.explicit(0, writer.explicit(0, b"".join(name.encode() for name in names)))


@dataclass(frozen=True, slots=True)
class CRLDistributionPoints:
    """RFC 5280 §4.2.1.13: for each point its names. Lists by reasons or by another issuer are not read."""

    points: tuple[tuple[GeneralName, ...], ...]
    oid: ClassVar[str] = oids.CRL_DISTRIBUTION_POINTS

    @classmethod
    def of(cls, *uris: str) -> "CRLDistributionPoints":
        """One point for each URI."""
        return cls(tuple((GeneralName.uri(uri),) for uri in uris))

    @classmethod
    def read(cls, reader: Reader) -> "CRLDistributionPoints":
        """The content."""
        inner, points = reader.sequence(), []
        while not inner.at_end():
            point = inner.sequence()
            points.append(read_full_name(point))
            point.finish()
        if not points:
            raise InvalidExtension(extension="cRLDistributionPoints", detail="empty")
        return cls(tuple(points))

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.sequence(*(writer.sequence(encode_full_name(names)) for names in self.points))

    def names(self) -> frozenset[GeneralName]:
        """The names of all points."""
        return frozenset(name for point in self.points for name in point)


@dataclass(frozen=True, slots=True)
class AuthorityInfoAccess:
    """RFC 5280 §4.2.2.1: pairs of a method (OCSP, the issuer's certificate) and where it is."""

    descriptions: tuple[tuple[str, GeneralName], ...]
    oid: ClassVar[str] = oids.AUTHORITY_INFO_ACCESS

    @classmethod
    def of(cls, *, ocsp: str | None = None, issuer: str | None = None) -> "AuthorityInfoAccess":
        """By URI."""
        given = ((oids.ACCESS_OCSP, ocsp), (oids.ACCESS_CA_ISSUERS, issuer))
        return cls(tuple((method, GeneralName.uri(uri)) for method, uri in given if uri is not None))

    @classmethod
    def read(cls, reader: Reader) -> "AuthorityInfoAccess":
        """The content."""
        inner, descriptions = reader.sequence(), []
        while not inner.at_end():
            description = inner.sequence()
            descriptions.append((description.oid(), GeneralName.read(description)))
            description.finish()
        if not descriptions:
            raise InvalidExtension(extension="authorityInfoAccess", detail="empty")
        return cls(tuple(descriptions))

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.sequence(*(writer.sequence(writer.oid(method), name.encode()) for method, name in self.descriptions))
