"""certificatePolicies (RFC 5280 §4.2.1.4)."""

from dataclasses import dataclass
from typing import ClassVar

from idp.crypto.der import Reader, oids, tags, writer
from idp.crypto.x509.errors import InvalidExtension


@dataclass(frozen=True, slots=True)
class CertificatePolicies:
    """Each policy and its qualifiers, which are kept as they are encoded; ``b""`` where there are none."""

    policies: tuple[tuple[str, bytes], ...]
    oid: ClassVar[str] = oids.CERTIFICATE_POLICIES

    @classmethod
    def of(cls, policy: str, *, cps: str | None = None) -> "CertificatePolicies":
        """One policy, perhaps with the address of its certification practice statement."""
        if cps is None:
            return cls(((policy, b""),))
        qualifier = writer.sequence(writer.oid(oids.POLICY_CPS), writer.text(tags.IA5_STRING, cps))
        return cls(((policy, writer.sequence(qualifier)),))

    @classmethod
    def read(cls, reader: Reader) -> "CertificatePolicies":
        """The content."""
        inner, policies = reader.sequence(), []
        while not inner.at_end():
            one = inner.sequence()
            policy = one.oid()
            policies.append((policy, b"" if one.at_end() else cls._qualifiers(one)))
            one.finish()
        if not policies or len({policy for policy, _ in policies}) != len(policies):
            raise InvalidExtension(extension="certificatePolicies", detail="no policy, or one twice")
        return cls(tuple(policies))

    @staticmethod
    def _qualifiers(reader: Reader) -> bytes:
        if not reader.next_is(tags.SEQUENCE):
            raise reader.fail("qualifiers that are no sequence")
        return reader.any_element()

    def encode(self) -> bytes:
        """The content's DER."""
        return writer.sequence(*(writer.sequence(writer.oid(policy), qualifiers) for policy, qualifiers in self.policies))

    @property
    def identifiers(self) -> frozenset[str]:
        """The policies, dotted."""
        return frozenset(policy for policy, _ in self.policies)
