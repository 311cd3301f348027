"""RFC 5280 §6.1: what leads to the root is accepted, everything else has its own error."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import (
    Expired,
    InvalidName,
    NameNotPermitted,
    NotAnAuthority,
    NotYetValid,
    PathError,
    PathTooLong,
    PolicyNotSatisfied,
    SignatureRefused,
    UnknownCriticalExtension,
    UnknownIssuer,
    WrongUsage,
)
from idp.crypto.x509.extensions import (
    CertificatePolicies,
    Extension,
    Extensions,
    KeyUsage,
    NameConstraints,
    PolicyConstraints,
    SubjectAltName,
)
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.extensions.value import ExtensionValue
from idp.crypto.x509.general_name import DNS, EMAIL, GeneralName
from idp.crypto.x509.path import PathRules, validate_path
from idp.crypto.x509.signing import signed
from idp.crypto.x509.tbs import TBSCertificate
from tests.unit.crypto.x509.hierarchy import LEAF, NOW, Hierarchy, Party, authority, contents, leaf, name

RULES = PathRules(at=NOW)
POLICY = "1.2.156.99999.1"


def unlinted(tbs: TBSCertificate, above: Party, signer: Party) -> Party:
    """What a careless authority would sign."""
    return Party(Certificate(signed(tbs.encode(), above.signer)), signer.signer)


def test_three_links_lead_to_the_root(hierarchy: Hierarchy) -> None:
    validate_path(
        hierarchy.chain, hierarchy.root.certificate, replace(RULES, purpose=oids.SERVER_AUTH, key_usage=bits.DIGITAL_SIGNATURE)
    )


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (PathRules(at=NOW + timedelta(days=400)), Expired),
        (PathRules(at=NOW - timedelta(days=1)), NotYetValid),
        (PathRules(at=NOW, purpose=oids.TIME_STAMPING), WrongUsage),
        (PathRules(at=NOW, key_usage=bits.KEY_ENCIPHERMENT), WrongUsage),
        (PathRules(at=NOW, policies=frozenset({POLICY})), PolicyNotSatisfied),
    ],
)
def test_rules_that_are_not_met(hierarchy: Hierarchy, rules: PathRules, error: type[PathError]) -> None:
    with pytest.raises(error):
        validate_path(hierarchy.chain, hierarchy.root.certificate, rules)


def test_a_missing_or_foreign_link_is_refused(hierarchy: Hierarchy) -> None:
    first, second, third = hierarchy.chain
    for path in ([], [first, third], [first, second], [second, first, third], [first] * 9):
        with pytest.raises(PathError):
            validate_path(path, hierarchy.root.certificate, RULES)
    with pytest.raises(UnknownIssuer):
        validate_path(hierarchy.chain, hierarchy.province.certificate, RULES)


def test_an_authority_of_the_same_name_with_another_key_is_refused(hierarchy: Hierarchy) -> None:
    impostor = authority("教育部根", None, None)
    with pytest.raises(SignatureRefused):
        validate_path(hierarchy.chain, impostor.certificate, RULES)


def test_one_issued_by_a_leaf_is_refused(hierarchy: Hierarchy) -> None:
    tbs = contents(name("below"), hierarchy.leaf.signer, hierarchy.leaf, *LEAF)
    below = unlinted(tbs, hierarchy.leaf, hierarchy.leaf)
    with pytest.raises(NotAnAuthority):
        validate_path([below.certificate, *hierarchy.chain], hierarchy.root.certificate, RULES)


def test_more_authorities_than_the_path_length_allows_are_refused() -> None:
    root = authority("根", None, 0)
    middle_tbs = authority("中", None, None)
    tbs = contents(name("中"), middle_tbs.signer, root, *((value, critical) for value, critical in _authority_extensions()))
    middle = unlinted(tbs, root, middle_tbs)
    below = leaf(middle)
    with pytest.raises(PathTooLong):
        validate_path([below.certificate, middle.certificate], root.certificate, RULES)


def _authority_extensions() -> list[tuple[ExtensionValue, bool]]:
    from idp.crypto.x509.extensions import BasicConstraints

    return [(BasicConstraints(True), True), (KeyUsage.of(bits.KEY_CERT_SIGN), True)]


def test_an_unknown_critical_extension_is_refused(hierarchy: Hierarchy) -> None:
    tbs = contents(name("a"), hierarchy.leaf.signer, hierarchy.school, *LEAF)
    strange = Extensions([*tbs.extensions, Extension("1.2.3.4", True, b"\x05\x00")], {})
    careless = unlinted(replace(tbs, extensions=strange), hierarchy.school, hierarchy.leaf)
    with pytest.raises(UnknownCriticalExtension):
        validate_path([careless.certificate, *hierarchy.chain[1:]], hierarchy.root.certificate, RULES)


DNS_IN_SCHOOL = NameConstraints(permitted=(GeneralName(DNS, "school.edu.cn"),))
NOT_EXAM = NameConstraints(excluded=(GeneralName(DNS, "exam.school.edu.cn"),))
IN_CHINA = NameConstraints(permitted=(GeneralName.directory(name("x")),))
MAILBOXES = NameConstraints(permitted=(GeneralName(EMAIL, ".school.edu.cn"),))


@pytest.mark.parametrize(
    ("constraints", "names", "accepted"),
    [
        (DNS_IN_SCHOOL, [GeneralName.dns("id.school.edu.cn")], True),
        (DNS_IN_SCHOOL, [GeneralName.dns("SCHOOL.edu.cn")], True),
        (DNS_IN_SCHOOL, [GeneralName.dns("preschool.edu.cn")], False),
        (DNS_IN_SCHOOL, [GeneralName.dns("id.school.edu.cn"), GeneralName.dns("other.cn")], False),
        (DNS_IN_SCHOOL, [GeneralName.ip("10.0.0.1")], True),
        (NOT_EXAM, [GeneralName.dns("id.school.edu.cn")], True),
        (NOT_EXAM, [GeneralName.dns("a.exam.school.edu.cn")], False),
        (NOT_EXAM, [GeneralName.dns("*.school.edu.cn")], False),
        (IN_CHINA, [GeneralName.dns("id.school.edu.cn")], False),
        (MAILBOXES, [GeneralName.email("a@mail.school.edu.cn")], True),
        (MAILBOXES, [GeneralName.email("a@school.edu.cn")], False),
        (NameConstraints(permitted=(GeneralName(7, bytes([10, 0, 0, 0, 255, 0, 0, 0])),)), [GeneralName.ip("10.9.9.9")], True),
        (NameConstraints(permitted=(GeneralName(7, bytes([10, 0, 0, 0, 255, 0, 0, 0])),)), [GeneralName.ip("11.0.0.1")], False),
        (NameConstraints(permitted=(GeneralName(6, "school.edu.cn"),)), [GeneralName.uri("https://school.edu.cn/x")], True),
        (NameConstraints(permitted=(GeneralName(6, "school.edu.cn"),)), [GeneralName.uri("https://school.edu.cn.evil/")], False),
        (NameConstraints(permitted=(GeneralName(6, "school.edu.cn"),)), [GeneralName.uri("urn:x")], False),
    ],
)
def test_names_below_a_constrained_authority(constraints: NameConstraints, names: list[GeneralName], accepted: bool) -> None:
    root = authority("根", None, None)
    school = authority("学校", root, 0, (constraints, True))
    tbs = replace(leaf(school).certificate.tbs, extensions=Extensions.of(LEAF[0], (SubjectAltName(tuple(names)), False)))
    below = unlinted(tbs, school, school)  # one with a wildcard would not be signed
    path = [below.certificate, school.certificate]
    if accepted:
        validate_path(path, root.certificate, RULES)
    else:
        with pytest.raises(NameNotPermitted):
            validate_path(path, root.certificate, RULES)


def test_a_policy_holds_only_where_every_link_has_it() -> None:
    root = authority("根", None, None)
    wanted = replace(RULES, policies=frozenset({POLICY}))
    school = authority("学校", root, 0, (CertificatePolicies.of(POLICY), False), (PolicyConstraints(0, None), True))
    validate_path(
        [leaf(school, LEAF[0], (CertificatePolicies.of(POLICY), False)).certificate, school.certificate], root.certificate, wanted
    )
    for other in ((CertificatePolicies.of("1.2.156.99999.2"), False), LEAF[1]):
        with pytest.raises(PolicyNotSatisfied):
            validate_path([leaf(school, LEAF[0], other).certificate, school.certificate], root.certificate, RULES)


def test_any_policy_of_an_authority_lets_every_policy_through() -> None:
    root = authority("根", None, None)
    school = authority("学校", root, 0, (CertificatePolicies.of(oids.ANY_POLICY), False))
    below = leaf(school, LEAF[0], (CertificatePolicies.of(POLICY), False))
    validate_path([below.certificate, school.certificate], root.certificate, replace(RULES, policies=frozenset({POLICY})))


def test_a_name_constraint_that_is_no_host_is_refused() -> None:
    with pytest.raises(InvalidName):
        authority("x", authority("根", None, None), 0, (NameConstraints(permitted=(GeneralName(DNS, "a b"),)), True))
