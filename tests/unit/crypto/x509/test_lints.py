"""What may be certified. Nothing that the lints did not see can be signed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.crypto.der import oids
from idp.crypto.jose.signer import generate_signer
from idp.crypto.x509.errors import RequestRefused
from idp.crypto.x509.extensions import BasicConstraints, ExtendedKeyUsage, Extension, Extensions, KeyUsage, SubjectAltName
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.lints import Issuer, LintedCertificate, LintedRequest, RequestRules, lint_certificate, lint_request
from idp.crypto.x509.name import Name
from idp.crypto.x509.request import CertificateRequest, create_request
from tests.unit.crypto.x509.hierarchy import LEAF, NOW, Hierarchy, authority, contents, leaf, name

APPROVED = GeneralName.dns("id.school.edu.cn")
RULES = RequestRules(key_is_known=lambda key: False, approved_names=frozenset({APPROVED}))
SIGNER = generate_signer("SGD_SM3_SM2")


def request(subject: Name, extensions: Extensions | None = None) -> CertificateRequest:
    return CertificateRequest.from_der(create_request(subject, SIGNER, extensions).der)


def san(*hosts: str) -> Extensions:
    return Extensions.of((SubjectAltName(tuple(map(GeneralName.dns, hosts))), False))


def personal() -> Extensions:
    return Extensions([Extension(oids.GM_IDENTITY_CARD, False, b"\x13\x01x")], {})


def test_a_request_for_what_is_approved_passes() -> None:
    asked = request(name("第一中学"), san("id.school.edu.cn"))
    assert lint_request(asked, RULES).request is asked


@pytest.mark.parametrize(
    ("subject", "extensions", "lint"),
    [
        (Name(()), None, "subject_empty"),
        (name("长" * 65), None, "subject_too_long"),
        (Name.of(("CN", "a"), ("CN", "b")), None, "common_name_twice"),
        (name("pаypal"), None, "name_looks_like_another"),
        (name("e\u0301cole"), None, "name_looks_like_another"),
        (name("11010519491231002X"), None, "resident_number_in_subject"),
        (name("a"), personal(), "personal_number_extension"),
        (name("a"), Extensions.of((BasicConstraints(True), True)), "asks_for_authority"),
        (name("a"), Extensions.of((KeyUsage.of(bits.KEY_CERT_SIGN), True)), "asks_for_authority"),
        (name("a"), Extensions.of((KeyUsage.of(bits.CRL_SIGN), True)), "asks_for_authority"),
        (name("a"), san("other.edu.cn"), "alternative_name_not_approved"),
        (name("a"), san("*.school.edu.cn"), "wildcard"),
        (name("a"), san("printer.local"), "private_host"),
        (name("a"), san("intranet"), "private_host"),
    ],
)
def test_a_request_is_refused(subject: Name, extensions: Extensions | None, lint: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        lint_request(request(subject, extensions), RULES)
    assert lint in {finding.lint for finding in refused.value.findings}  # type: ignore[attr-defined]


def test_a_key_that_is_known_is_refused() -> None:
    with pytest.raises(RequestRefused):
        lint_request(request(name("a")), replace(RULES, key_is_known=lambda key: True))


def test_every_finding_is_told_at_once() -> None:
    with pytest.raises(RequestRefused) as refused:
        lint_request(request(name("长" * 65), san("*.x.local")), RULES)
    assert len(refused.value.findings) == 4  # type: ignore[attr-defined]


def test_nothing_but_the_lints_makes_what_can_be_signed(hierarchy: Hierarchy) -> None:
    with pytest.raises(TypeError):
        LintedCertificate(b"", Issuer(SIGNER, None), proof=object())
    with pytest.raises(TypeError):
        LintedRequest(request(name("a")), proof=None)


@pytest.mark.parametrize(
    ("changes", "lint"),
    [
        ({"not_after": NOW + timedelta(days=3100)}, "outlives_its_issuer"),
        ({"not_before": NOW - timedelta(days=4000)}, "valid_for_too_long"),
        ({"serial_number": 1}, "serial_too_short"),
        ({"subject": name("长" * 65)}, "subject_too_long"),
        ({"subject": name("11010519491231002X")}, "resident_number_in_subject"),
        ({"issuer": name("someone else")}, "issuer_mismatch"),
        ({"public_key": generate_signer("SGD_SM3_SM2").public_jwk()}, "key_identifiers"),
    ],
)
def test_a_certificate_is_refused(hierarchy: Hierarchy, changes: dict[str, object], lint: str) -> None:
    from idp.crypto.jose.sm2_key import SM2Key

    if "public_key" in changes:
        changes = {"public_key": SM2Key.from_jwk(changes["public_key"]).public_key}  # type: ignore[arg-type]
    with pytest.raises(RequestRefused, match=lint):
        leaf(hierarchy.school, **changes)


@pytest.mark.parametrize(
    ("extensions", "lint"),
    [
        (((KeyUsage.of(bits.DIGITAL_SIGNATURE), False),), "key_usage_not_critical"),
        ((LEAF[0], (BasicConstraints(False), True)), "basic_constraints_form"),
        ((LEAF[0], (ExtendedKeyUsage((oids.TIME_STAMPING,)), False)), "special_purpose_not_alone"),
        ((LEAF[0], (ExtendedKeyUsage((oids.TIME_STAMPING, oids.CLIENT_AUTH)), True)), "special_purpose_not_alone"),
        ((LEAF[0], (ExtendedKeyUsage((oids.OCSP_SIGNING,)), True)), "special_purpose_not_alone"),
        ((LEAF[0], (ExtendedKeyUsage((oids.ANY_EXTENDED_KEY_USAGE,)), False)), "special_purpose_not_alone"),
    ],
)
def test_extensions_are_refused(hierarchy: Hierarchy, extensions: tuple, lint: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(RequestRefused, match=lint):
        leaf(hierarchy.school, *extensions)


def test_an_authority_below_path_length_zero_is_refused(hierarchy: Hierarchy) -> None:
    with pytest.raises(RequestRefused, match="issuer_may_not_certify"):
        authority("below", hierarchy.school, 0)


def test_a_path_length_that_is_not_shorter_is_refused(hierarchy: Hierarchy) -> None:
    with pytest.raises(RequestRefused, match="path_length_not_shorter"):
        authority("beside", hierarchy.province, 1)


def test_one_that_is_no_authority_certifies_nobody(hierarchy: Hierarchy) -> None:
    with pytest.raises(RequestRefused, match="issuer_may_not_certify"):
        leaf(hierarchy.leaf)


def test_a_certificate_for_the_key_of_its_issuer_is_refused(hierarchy: Hierarchy) -> None:
    tbs = contents(name("a"), hierarchy.school.signer, hierarchy.school, *LEAF)
    with pytest.raises(RequestRefused, match="key_of_its_issuer"):
        lint_certificate(tbs, Issuer(hierarchy.school.signer, hierarchy.school.certificate))
