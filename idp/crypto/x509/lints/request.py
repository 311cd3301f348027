"""Lints of what an applicant asks for."""

from collections.abc import Callable
from dataclasses import dataclass

from idp.crypto import sm2
from idp.crypto.der import oids
from idp.crypto.x509.extensions import BasicConstraints, KeyUsage, SubjectAltName
from idp.crypto.x509.extensions.usage import CRL_SIGN, KEY_CERT_SIGN
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.lints import names
from idp.crypto.x509.lints.finding import Finding, Refused
from idp.crypto.x509.request import CertificateRequest

PERSONAL_NUMBERS = (oids.GM_IDENTITY_CARD, oids.GM_PASSPORT, oids.GM_SOCIAL_INSURANCE, oids.GM_IDENTITY_CODE_2012)
_PROOF = object()


@dataclass(frozen=True, slots=True)
class RequestRules:
    """What this applicant may ask for, and whether the key is used already. ``key_is_known`` asks the authority's own records."""

    key_is_known: Callable[[sm2.PublicKey], bool]
    approved_names: frozenset[GeneralName] = frozenset()
    authority_allowed: bool = False


class LintedRequest:
    """A request that the lints found nothing in. Only :func:`lint_request` makes one."""

    __slots__ = ("request",)

    def __init__(self, request: CertificateRequest, *, proof: object) -> None:
        if proof is not _PROOF:
            raise TypeError("only lint_request makes a LintedRequest")
        self.request = request


def lint_request(request: CertificateRequest, rules: RequestRules) -> LintedRequest:
    """Raises :class:`~idp.crypto.x509.errors.RequestRefused` with every finding."""
    findings = [Finding(name, clause) for name, clause, found in LINTS if found(request, rules)]
    if findings:
        raise Refused(findings)
    return LintedRequest(request, proof=_PROOF)


def _asks_for_authority(request: CertificateRequest, rules: RequestRules) -> bool:
    if request.extensions is None or rules.authority_allowed:
        return False
    constraints, usage = request.extensions.get(BasicConstraints), request.extensions.get(KeyUsage)
    return (constraints is not None and constraints.ca) or (usage is not None and bool(usage.bits & {KEY_CERT_SIGN, CRL_SIGN}))


def _alternative(request: CertificateRequest) -> SubjectAltName | None:
    return None if request.extensions is None else request.extensions.get(SubjectAltName)


def _unapproved_name(request: CertificateRequest, rules: RequestRules) -> bool:
    alternative = _alternative(request)
    return alternative is not None and not set(alternative.names) <= rules.approved_names


def _asks_for_personal_number(request: CertificateRequest, _rules: RequestRules) -> bool:
    return request.extensions is not None and any(oid in request.extensions for oid in PERSONAL_NUMBERS)


# Name of the lint, its clause, and whether it finds something. The order is the order in which findings are told.
LINTS: tuple[tuple[str, str, Callable[[CertificateRequest, RequestRules], bool]], ...] = (
    ("subject_empty", "RFC 5280 §4.1.2.6", lambda request, _: not request.subject),
    ("subject_too_long", "RFC 5280 Appendix A.1", lambda request, _: names.too_long(request.subject)),
    ("common_name_twice", "our policy", lambda request, _: names.twice(request.subject)),
    ("name_looks_like_another", "our policy", lambda request, _: names.look_alike(request.subject)),
    (
        "resident_number_in_subject",
        "our policy: certificates are public",
        lambda request, _: names.resident_number(request.subject),
    ),
    ("personal_number_extension", "our policy: certificates are public", _asks_for_personal_number),
    ("asks_for_authority", "RFC 5280 §4.2.1.9", _asks_for_authority),
    ("alternative_name_not_approved", "RFC 5280 §4.2.1.6", _unapproved_name),
    ("wildcard", "our policy", lambda request, _: names.wildcard(_alternative(request))),
    ("private_host", "RFC 6761", lambda request, _: names.any_private(_alternative(request))),
    ("key_known", "our policy: one key, one certificate", lambda request, rules: rules.key_is_known(request.public_key)),
)
