"""From a certificate to an authority that is trusted (RFC 5280 §6.1), for SM2 and without policy mappings.

Revocation is looked at where evidence is given, for every certificate below the anchor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import (
    Expired,
    NotAnAuthority,
    NotYetValid,
    PathTooLong,
    PolicyNotSatisfied,
    UnknownCriticalExtension,
    UnknownIssuer,
    WrongUsage,
)
from idp.crypto.x509.extensions import (
    BasicConstraints,
    CertificatePolicies,
    ExtendedKeyUsage,
    InhibitAnyPolicy,
    KeyUsage,
    NameConstraints,
    PolicyConstraints,
)
from idp.crypto.x509.extensions.usage import KEY_CERT_SIGN
from idp.crypto.x509.lints.finding import Finding
from idp.crypto.x509.name_constraints import check_names
from idp.crypto.x509.revocation import RevocationEvidence, check_not_revoked

MAX_PATH = 8  # our policy


@dataclass(frozen=True, slots=True)
class PathRules:
    """What the path must satisfy. ``policies`` empty: any; else one of them must hold over the whole path. ``revocation`` none: not
    looked at; else each certificate must be shown by it not to be revoked.
    """

    at: datetime
    purpose: str | None = None
    key_usage: int | None = None
    policies: frozenset[str] = frozenset()
    revocation: RevocationEvidence | None = None


@dataclass(slots=True)
class _State:
    """RFC 5280 §6.1.2, as far as it changes on the way. ``None`` stands for any policy."""

    path_length: int
    explicit_policy: int
    inhibit_any: int
    policies: set[str] | None = None
    constraints: list[NameConstraints] = field(default_factory=list)


def validate_path(path: Sequence[Certificate], anchor: Certificate, rules: PathRules) -> None:
    """Raises a ``PathError`` unless ``path``, leaf first and without the anchor, leads from ``anchor`` to its leaf.

    The anchor is trusted for its name and key, and its own constraints are applied; its signature and times are not looked at
    (RFC 5280 §6.1.1 d), so that a national root without critical extensions serves.
    """
    if not 1 <= len(path) <= MAX_PATH:
        raise UnknownIssuer(detail="a path of no certificate, or of too many")
    count = len(path)
    state = _State(count, 0 if rules.policies else count + 1, count + 1)
    _prepare_next(state, anchor)
    above = anchor
    for index in range(count - 1, -1, -1):
        certificate = path[index]
        _check_certificate(certificate, above, state, rules, is_leaf=index == 0)
        if index:
            _check_authority(certificate, state)
            _prepare_next(state, certificate)
        above = certificate
    _wrap_up(path[0], state, rules)


def warnings(path: Sequence[Certificate], anchor: Certificate) -> list[Finding]:
    """What is wrong on a path that holds all the same. Our policy: what outlives its issuer is not issued, and told when met."""
    above = (*path[1:], anchor)
    outlives = [below for below, issuer in zip(path, above, strict=True) if below.tbs.not_after > issuer.tbs.not_after]
    return [Finding("outlives_its_issuer", f"our policy: {certificate.subject}") for certificate in outlives]


def _check_certificate(certificate: Certificate, above: Certificate, state: _State, rules: PathRules, *, is_leaf: bool) -> None:
    """RFC 5280 §6.1.3."""
    subject = str(certificate.subject)
    if certificate.issuer != above.subject:
        raise UnknownIssuer(detail=subject)
    certificate.check_signed_by(above.public_key)
    if rules.at < certificate.tbs.not_before:
        raise NotYetValid(detail=subject)
    if rules.at > certificate.tbs.not_after:
        raise Expired(detail=subject)
    if rules.revocation is not None:  # RFC 5280 §6.1.3 (a) (3)
        check_not_revoked(certificate, above, rules.revocation, rules.at)
    # §6.1.3 (b), (c): a certificate that is issued to itself on the way is exempt, a leaf never.
    if is_leaf or not certificate.is_self_issued:
        for constraints in state.constraints:
            check_names(certificate, constraints)
    _apply_policies(certificate, state, is_leaf)
    if state.explicit_policy == 0 and state.policies == set():
        raise PolicyNotSatisfied(detail=subject)
    unknown = certificate.extensions.unknown_critical()
    if unknown is not None:  # §6.1.4 (o), §6.1.5 (f)
        raise UnknownCriticalExtension(extension=unknown, detail=subject)


def _apply_policies(certificate: Certificate, state: _State, is_leaf: bool) -> None:
    # §6.1.3 (d), (e). Without mappings the tree is a set: what every certificate so far has, or any.
    found = certificate.extensions.get(CertificatePolicies)
    if found is None:
        state.policies = set()
        return
    any_counts = state.inhibit_any > 0 or (not is_leaf and certificate.is_self_issued)
    if oids.ANY_POLICY in found.identifiers and any_counts:
        return
    named = set(found.identifiers) - {oids.ANY_POLICY}
    state.policies = named if state.policies is None else state.policies & named


def _check_authority(certificate: Certificate, state: _State) -> None:
    """RFC 5280 §6.1.4 (k) to (n)."""
    subject = str(certificate.subject)
    usage = certificate.extensions.get(KeyUsage)
    if not certificate.is_authority or (usage is not None and KEY_CERT_SIGN not in usage.bits):
        raise NotAnAuthority(detail=subject)
    if not certificate.is_self_issued:
        if state.path_length == 0:
            raise PathTooLong(detail=subject)
        state.path_length -= 1
        state.explicit_policy = max(0, state.explicit_policy - 1)
        state.inhibit_any = max(0, state.inhibit_any - 1)


def _prepare_next(state: _State, certificate: Certificate) -> None:
    """What an authority asks of those below it (RFC 5280 §6.1.4 (g) to (j), (m))."""
    constraints = certificate.extensions.get(BasicConstraints)
    if constraints is not None and constraints.path_length is not None:
        state.path_length = min(state.path_length, constraints.path_length)
    names = certificate.extensions.get(NameConstraints)
    if names is not None:
        state.constraints.append(names)
    policy = certificate.extensions.get(PolicyConstraints)
    if policy is not None and policy.require_explicit is not None:
        state.explicit_policy = min(state.explicit_policy, policy.require_explicit)
    inhibit = certificate.extensions.get(InhibitAnyPolicy)
    if inhibit is not None:
        state.inhibit_any = min(state.inhibit_any, inhibit.skip)


def _wrap_up(leaf: Certificate, state: _State, rules: PathRules) -> None:
    """RFC 5280 §6.1.5, and what the leaf is used for."""
    policy = leaf.extensions.get(PolicyConstraints)
    if state.explicit_policy == 1 or (policy is not None and policy.require_explicit == 0):
        state.explicit_policy = 0
    satisfied = state.policies is None or bool(state.policies & rules.policies if rules.policies else state.policies)
    if state.explicit_policy == 0 and not satisfied:
        raise PolicyNotSatisfied(detail=str(leaf.subject))
    usage, purposes = leaf.extensions.get(KeyUsage), leaf.extensions.get(ExtendedKeyUsage)
    if rules.key_usage is not None and (usage is None or rules.key_usage not in usage.bits):
        raise WrongUsage(detail=str(leaf.subject))
    if rules.purpose is not None and (purposes is None or rules.purpose not in purposes.purposes):
        raise WrongUsage(detail=str(leaf.subject))
