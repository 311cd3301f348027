"""RFC 5280 §6.3, RFC 6960 §3.2: a path holds only where fresh and signed news says that nothing on it was revoked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.crypto.der import oids
from idp.crypto.jose.signer import generate_signer
from idp.crypto.x509.errors import InvalidOCSPResponse, RevocationUnknown, Revoked
from idp.crypto.x509.extensions import BasicConstraints, ExtendedKeyUsage, IssuingDistributionPoint, KeyUsage
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.lints import Issuer, lint_certificate, sign_certificate
from idp.crypto.x509.ocsp import CertificateState, OCSPResponse, ResponseStatus
from idp.crypto.x509.ocsp.response import refusal
from idp.crypto.x509.ocsp.verify import check_response
from idp.crypto.x509.path import PathRules, validate_path
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.revocation import RevocationEvidence, check_not_revoked
from tests.unit.crypto.x509.hierarchy import CRL_URI, NOW, Hierarchy, Party, authority, contents, leaf, name
from tests.unit.crypto.x509.revocations import (
    RESPONDER,
    YESTERDAY,
    entry,
    responder,
    response,
    revocation_list,
    single,
)

LATER = NOW + timedelta(minutes=1)
REVOKED = CertificateState(YESTERDAY, Reason.SUPERSEDED)


def validate(hierarchy: Hierarchy, evidence: RevocationEvidence) -> None:
    validate_path(hierarchy.chain, hierarchy.root.certificate, PathRules(at=LATER, revocation=evidence))


def check(hierarchy: Hierarchy, evidence: RevocationEvidence, after: timedelta = timedelta(minutes=1)) -> None:
    check_not_revoked(hierarchy.leaf.certificate, hierarchy.school.certificate, evidence, NOW + after)


def by_list(*lists: object) -> RevocationEvidence:
    return RevocationEvidence(lists=lists)  # type: ignore[arg-type]


def by_response(*responses: OCSPResponse) -> RevocationEvidence:
    return RevocationEvidence(responses=responses)


def test_lists_of_all_three_authorities_carry_a_path(hierarchy: Hierarchy) -> None:
    lists = [revocation_list(issuer) for issuer in (hierarchy.root, hierarchy.province, hierarchy.school)]
    validate(hierarchy, RevocationEvidence(lists=lists))


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_silence_about_one_certificate_is_not_good_news(hierarchy: Hierarchy, missing: int) -> None:
    lists = [revocation_list(issuer) for issuer in (hierarchy.root, hierarchy.province, hierarchy.school)]
    del lists[missing]
    with pytest.raises(RevocationUnknown):
        validate(hierarchy, RevocationEvidence(lists=lists))


def test_a_revoked_authority_takes_the_path_with_it(hierarchy: Hierarchy) -> None:
    lists = (
        revocation_list(hierarchy.root),
        revocation_list(hierarchy.province, entry(hierarchy.school.certificate, Reason.CA_COMPROMISE)),
        revocation_list(hierarchy.school),
    )
    with pytest.raises(Revoked) as caught:
        validate(hierarchy, by_list(*lists))
    assert "cACompromise" in str(caught.value)


def test_a_certificate_on_hold_is_refused(hierarchy: Hierarchy) -> None:
    with pytest.raises(Revoked):
        check(hierarchy, by_list(revocation_list(hierarchy.school, entry(hierarchy.leaf.certificate, Reason.CERTIFICATE_HOLD))))


def test_a_list_that_is_old_or_from_the_future_counts_for_nothing(hierarchy: Hierarchy) -> None:
    evidence = by_list(revocation_list(hierarchy.school))
    for after in (timedelta(days=8), timedelta(minutes=-6)):
        with pytest.raises(RevocationUnknown):
            check(hierarchy, evidence, after)


def test_a_list_by_another_key_of_the_same_name_counts_for_nothing(hierarchy: Hierarchy) -> None:
    impostor = authority("第一中学", hierarchy.province, 0)
    with pytest.raises(RevocationUnknown):
        check(hierarchy, by_list(revocation_list(impostor)))


def test_a_list_by_an_authority_that_may_not_sign_lists_counts_for_nothing(hierarchy: Hierarchy) -> None:
    signer = generate_signer("SGD_SM3_SM2")
    only_certificates = (BasicConstraints(True, 0), True), (KeyUsage.of(bits.KEY_CERT_SIGN), True)
    tbs = contents(name("第二中学"), signer, hierarchy.province, *only_certificates)
    issuer = Party(
        sign_certificate(lint_certificate(tbs, Issuer(hierarchy.province.signer, hierarchy.province.certificate))), signer
    )
    with pytest.raises(RevocationUnknown):
        check_not_revoked(leaf(issuer).certificate, issuer.certificate, by_list(revocation_list(issuer)), LATER)


@pytest.mark.parametrize(
    ("part", "counts"),
    [
        (IssuingDistributionPoint((GeneralName.uri(CRL_URI),)), True),
        (IssuingDistributionPoint(only_user=True), True),
        (IssuingDistributionPoint((GeneralName.uri("http://ca.example.edu.cn/school-1.crl"),)), False),
        (IssuingDistributionPoint(only_authorities=True), False),
    ],
)
def test_a_shard_speaks_for_its_own_certificates_only(hierarchy: Hierarchy, part: IssuingDistributionPoint, counts: bool) -> None:
    evidence = by_list(revocation_list(hierarchy.school, part=part))
    if counts:
        check(hierarchy, evidence)
    else:
        with pytest.raises(RevocationUnknown):
            check(hierarchy, evidence)


def test_a_list_that_says_revoked_prevails_over_an_answer_that_says_good(hierarchy: Hierarchy) -> None:
    good = response(hierarchy.school, single(hierarchy.leaf.certificate, hierarchy.school), along=False)
    with pytest.raises(Revoked):
        check(hierarchy, RevocationEvidence([revocation_list(hierarchy.school, entry(hierarchy.leaf.certificate))], [good]))


@pytest.mark.parametrize("algorithm", [oids.SM3, oids.SHA256, oids.SHA1])
def test_the_issuer_or_whom_it_names_answers(hierarchy: Hierarchy, algorithm: str) -> None:
    said = single(hierarchy.leaf.certificate, hierarchy.school, algorithm=algorithm)
    check(hierarchy, by_response(response(hierarchy.school, said, along=False)))
    check(hierarchy, by_response(response(responder(hierarchy.school), said)))


def test_an_answer_that_says_revoked_is_believed(hierarchy: Hierarchy) -> None:
    said = single(hierarchy.leaf.certificate, hierarchy.school, REVOKED)
    with pytest.raises(Revoked) as caught:
        check(hierarchy, by_response(response(responder(hierarchy.school), said)))
    assert "superseded" in str(caught.value)


def test_unknown_is_not_good(hierarchy: Hierarchy) -> None:
    said = single(hierarchy.leaf.certificate, hierarchy.school, CertificateState(known=False))
    with pytest.raises(RevocationUnknown):
        check(hierarchy, by_response(response(hierarchy.school, said, along=False)))


def test_who_was_not_named_for_it_is_not_believed(hierarchy: Hierarchy) -> None:
    said = single(hierarchy.leaf.certificate, hierarchy.school)
    for answering in (
        hierarchy.leaf,  # of the issuer, for another purpose
        responder(hierarchy.province),  # for another issuer
        responder(hierarchy.school, *RESPONDER[:1], (ExtendedKeyUsage((oids.CLIENT_AUTH,)), False)),
        responder(authority("第一中学", hierarchy.province, 0)),  # the same name, another key
    ):
        with pytest.raises(RevocationUnknown):
            check(hierarchy, by_response(response(answering, said)))


def test_a_responder_whose_certificate_has_expired_is_not_believed(hierarchy: Hierarchy) -> None:
    said = replace(single(hierarchy.leaf.certificate, hierarchy.school), next_update=NOW + timedelta(days=800))
    with pytest.raises(InvalidOCSPResponse):
        check_response(
            response(responder(hierarchy.school), said),
            hierarchy.leaf.certificate,
            hierarchy.school.certificate,
            NOW + timedelta(days=301),
        )


def test_a_signature_by_another_key_than_the_responders_is_refused(hierarchy: Hierarchy) -> None:
    said = single(hierarchy.leaf.certificate, hierarchy.school)
    forged = response(Party(hierarchy.school.certificate, hierarchy.leaf.signer), said, along=False)
    with pytest.raises(InvalidOCSPResponse):
        check_response(forged, hierarchy.leaf.certificate, hierarchy.school.certificate, LATER)


@pytest.mark.parametrize("after", [timedelta(hours=13), timedelta(minutes=-6)])
def test_an_answer_that_is_not_fresh_is_refused(hierarchy: Hierarchy, after: timedelta) -> None:
    said = response(hierarchy.school, single(hierarchy.leaf.certificate, hierarchy.school), along=False)
    with pytest.raises(InvalidOCSPResponse):
        check_response(said, hierarchy.leaf.certificate, hierarchy.school.certificate, NOW + after)


def test_an_answer_about_another_certificate_or_to_another_question_is_refused(hierarchy: Hierarchy) -> None:
    certificate, issuer = hierarchy.leaf.certificate, hierarchy.school.certificate
    other = response(hierarchy.school, single(hierarchy.school.certificate, hierarchy.school), along=False)
    with pytest.raises(InvalidOCSPResponse):
        check_response(other, certificate, issuer, LATER)
    said = response(hierarchy.school, single(certificate, hierarchy.school), nonce=b"n" * 32, along=False)
    check_response(said, certificate, issuer, LATER, nonce=b"n" * 32)
    for nonce in (b"m" * 32, b"n" * 31):
        with pytest.raises(InvalidOCSPResponse):
            check_response(said, certificate, issuer, LATER, nonce=nonce)
    replayed = response(hierarchy.school, single(certificate, hierarchy.school), along=False)
    with pytest.raises(InvalidOCSPResponse):
        check_response(replayed, certificate, issuer, LATER, nonce=b"n" * 32)


def test_a_refusal_says_nothing_about_the_certificate(hierarchy: Hierarchy) -> None:
    refused = OCSPResponse.from_der(refusal(ResponseStatus.TRY_LATER))
    with pytest.raises(InvalidOCSPResponse):
        check_response(refused, hierarchy.leaf.certificate, hierarchy.school.certificate, LATER)
    with pytest.raises(RevocationUnknown):
        check(hierarchy, by_response(refused))
