"""Lints of what is about to be signed, and the signature that only passes them can lead to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from idp.crypto.der import Reader, oids
from idp.crypto.jose.signer import Signer
from idp.crypto.x509.certificate import MAX_BYTES, Certificate
from idp.crypto.x509.extensions import (
    AuthorityKeyIdentifier,
    BasicConstraints,
    ExtendedKeyUsage,
    Extensions,
    KeyUsage,
    OCSPNoCheck,
    SubjectAltName,
    SubjectKeyIdentifier,
)
from idp.crypto.x509.extensions.identifiers import key_identifier
from idp.crypto.x509.lints import names
from idp.crypto.x509.lints.finding import Finding, Refused
from idp.crypto.x509.lints.request import PERSONAL_NUMBERS
from idp.crypto.x509.signing import public_key_of, sign
from idp.crypto.x509.tbs import TBSCertificate

MAX_VALIDITY = timedelta(days=3653)  # GmSSL refuses what is valid for longer
MIN_SERIAL_BITS = 64  # CA/Browser Forum Baseline Requirements §7.1: unpredictable
_PROOF = object()


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: a signer, and its certificate; none for a root, which certifies itself."""

    signer: Signer
    certificate: Certificate | None
    long_root: bool = False


class LintedCertificate:
    """A certificate without its signature that the lints found nothing in. Only :func:`lint_certificate` makes one."""

    __slots__ = ("encoded", "issuer", "tbs")

    def __init__(self, tbs: TBSCertificate, encoded: bytes, issuer: Issuer, *, proof: object) -> None:
        if proof is not _PROOF:
            raise TypeError("only lint_certificate makes a LintedCertificate")
        self.tbs = tbs
        self.encoded = encoded
        self.issuer = issuer


def lint_certificate(tbs: TBSCertificate, issuer: Issuer) -> LintedCertificate:
    """Raises :class:`~idp.crypto.x509.errors.RequestRefused` with every finding, or what the writer or the reader refuses."""
    encoded = tbs.encode()
    findings = [Finding(name, clause) for name, clause, found in LINTS if found(tbs, issuer)]
    if findings:
        raise Refused(findings)
    # Nothing is signed that we would not read ourselves.
    reader = Reader(encoded, limit=MAX_BYTES)
    return LintedCertificate(TBSCertificate.read(reader), encoded, issuer, proof=_PROOF)


def sign_certificate(linted: LintedCertificate) -> Certificate:
    """The certificate: the very bytes that were linted, signed by the issuer they were linted for."""
    return Certificate.of(linted.tbs, linted.encoded, sign(linted.encoded, linted.issuer.signer))


def _issuer_mismatch(tbs: TBSCertificate, issuer: Issuer) -> bool:
    above = issuer.certificate
    if above is None:
        return tbs.issuer != tbs.subject or tbs.public_key != public_key_of(issuer.signer)
    return tbs.issuer.der != above.subject.der or above.public_key != public_key_of(issuer.signer)


def _issuer_may_not(tbs: TBSCertificate, issuer: Issuer) -> bool:
    constraints = issuer.certificate.extensions.get(BasicConstraints) if issuer.certificate else None
    if issuer.certificate is None:
        return False
    return constraints is None or not constraints.ca or (_is_ca(tbs) and constraints.path_length == 0)


def _path_length_not_shorter(tbs: TBSCertificate, issuer: Issuer) -> bool:
    own = tbs.extensions.get(BasicConstraints)
    above = issuer.certificate.extensions.get(BasicConstraints) if issuer.certificate else None
    if own is None or not own.ca or above is None or above.path_length is None:
        return False
    return own.path_length is None or own.path_length >= above.path_length


def _outlives(tbs: TBSCertificate, issuer: Issuer) -> bool:
    return issuer.certificate is not None and tbs.not_after > issuer.certificate.tbs.not_after


def _too_long_valid(tbs: TBSCertificate, issuer: Issuer) -> bool:
    return not issuer.long_root and tbs.not_after - tbs.not_before > MAX_VALIDITY


def _key_of_issuer(tbs: TBSCertificate, issuer: Issuer) -> bool:
    return issuer.certificate is not None and tbs.public_key == issuer.certificate.public_key


def _key_identifiers(tbs: TBSCertificate, issuer: Issuer) -> bool:
    own, above = tbs.extensions.get(SubjectKeyIdentifier), tbs.extensions.get(AuthorityKeyIdentifier)
    if own is None or own.identifier != key_identifier(tbs.public_key):
        return True
    if issuer.certificate is None:
        return above is not None and above.identifier != own.identifier
    expected = issuer.certificate.extensions.get(SubjectKeyIdentifier)
    return above is None or expected is None or above.identifier != expected.identifier


def _is_ca(tbs: TBSCertificate) -> bool:
    constraints = tbs.extensions.get(BasicConstraints)
    return constraints is not None and constraints.ca


def _constraints_form(tbs: TBSCertificate) -> bool:
    present = oids.BASIC_CONSTRAINTS in tbs.extensions
    # RFC 5280 §4.2.1.9: critical for an authority. GmSSL refuses an empty one elsewhere, so it is left out (our policy).
    return not tbs.extensions.is_critical(oids.BASIC_CONSTRAINTS) if _is_ca(tbs) else present


def _usage_not_critical(tbs: TBSCertificate) -> bool:
    return tbs.extensions.get(KeyUsage) is None or not tbs.extensions.is_critical(oids.KEY_USAGE)


def _special_purpose(extensions: Extensions) -> bool:
    purposes = extensions.get(ExtendedKeyUsage)
    if purposes is None:
        return False
    if oids.TIME_STAMPING in purposes.purposes:
        return purposes.purposes != (oids.TIME_STAMPING,) or not extensions.is_critical(oids.EXTENDED_KEY_USAGE)
    if oids.OCSP_SIGNING in purposes.purposes:
        return purposes.purposes != (oids.OCSP_SIGNING,) or extensions.get(OCSPNoCheck) is None
    return oids.ANY_EXTENDED_KEY_USAGE in purposes.purposes


# Name of the lint, its clause, and whether it finds something.
LINTS: tuple[tuple[str, str, Callable[[TBSCertificate, Issuer], bool]], ...] = (
    ("issuer_mismatch", "RFC 5280 §4.1.2.4", _issuer_mismatch),
    ("issuer_may_not_certify", "RFC 5280 §4.2.1.9", _issuer_may_not),
    ("path_length_not_shorter", "RFC 5280 §4.2.1.9", _path_length_not_shorter),
    ("outlives_its_issuer", "our policy", _outlives),
    ("valid_for_too_long", "our policy: ten years", _too_long_valid),
    ("serial_too_short", "our policy: 64 random bits", lambda tbs, _: tbs.serial_number.bit_length() < MIN_SERIAL_BITS),
    ("subject_too_long", "RFC 5280 Appendix A.1", lambda tbs, _: names.too_long(tbs.subject)),
    ("name_looks_like_another", "our policy", lambda tbs, _: names.look_alike(tbs.subject)),
    ("resident_number_in_subject", "our policy: certificates are public", lambda tbs, _: names.resident_number(tbs.subject)),
    ("wildcard", "our policy", lambda tbs, _: names.wildcard(tbs.extensions.get(SubjectAltName))),
    ("private_host", "RFC 6761", lambda tbs, _: names.any_private(tbs.extensions.get(SubjectAltName))),
    ("personal_number_extension", "our policy", lambda tbs, _: any(oid in tbs.extensions for oid in PERSONAL_NUMBERS)),
    ("key_of_its_issuer", "our policy", _key_of_issuer),
    ("key_identifiers", "RFC 5280 §4.2.1.1, §4.2.1.2", _key_identifiers),
    ("basic_constraints_form", "RFC 5280 §4.2.1.9", lambda tbs, _: _constraints_form(tbs)),
    ("key_usage_not_critical", "RFC 5280 §4.2.1.3", lambda tbs, _: _usage_not_critical(tbs)),
    ("special_purpose_not_alone", "RFC 3161 §2.3, RFC 6960 §4.2.2.2", lambda tbs, _: _special_purpose(tbs.extensions)),
    ("unknown_critical_extension", "RFC 5280 §4.2", lambda tbs, _: tbs.extensions.unknown_critical() is not None),
)
