"""RFC 6960 §4: questions and answers are read only in their one form."""

import random

import pytest

from idp.crypto.der import oids, writer
from idp.crypto.errors import CryptoError, MalformedDER, UnsupportedAlgorithm
from idp.crypto.x509.errors import InvalidExtension, InvalidOCSPRequest, InvalidOCSPResponse, InvalidSerialNumber
from idp.crypto.x509.extensions import Extension
from idp.crypto.x509.ocsp import CertID, CertificateState, OCSPRequest, OCSPResponse, ResponseData, ResponseStatus, sign_response
from idp.crypto.x509.ocsp.response import refusal
from idp.crypto.x509.ocsp.verify import check_response
from idp.crypto.x509.reasons import Reason
from tests.unit.crypto.x509.hierarchy import NOW, Hierarchy
from tests.unit.crypto.x509.revocations import YESTERDAY, responder, response_der, single


def identifier(hierarchy: Hierarchy, number: int = 77) -> CertID:
    return CertID.of(hierarchy.school.certificate.subject, hierarchy.school.certificate.public_key, number)


def assembled(*items: bytes, head: bytes = b"", extensions: bytes = b"", after: bytes = b"") -> bytes:
    return writer.sequence(writer.sequence(head, writer.sequence(*(writer.sequence(one) for one in items)), extensions), after)


def with_nonce(content: bytes, *, oid: str = oids.OCSP_NONCE, critical: bool = False) -> bytes:
    return writer.explicit(2, writer.sequence(Extension(oid, critical, content).encode()))


def test_a_question_that_is_written_is_read(hierarchy: Hierarchy) -> None:
    asked = OCSPRequest((identifier(hierarchy), identifier(hierarchy, 78)), b"n" * 32)
    assert OCSPRequest.from_der(asked.encode()) == asked
    assert asked.certificates[0].is_by(hierarchy.school.certificate.subject, hierarchy.school.certificate.public_key)
    assert not asked.certificates[0].is_by(hierarchy.school.certificate.subject, hierarchy.root.certificate.public_key)


def test_who_asks_and_its_signature_are_passed_over(hierarchy: Hierarchy) -> None:
    name = writer.explicit(1, writer.explicit(4, hierarchy.leaf.certificate.subject.der))
    signature = writer.explicit(0, writer.sequence(writer.sequence(writer.oid(oids.SM2_WITH_SM3)), writer.bit_string(b"x")))
    der = assembled(identifier(hierarchy).encode(), head=name, after=signature)
    assert OCSPRequest.from_der(der).certificates == (identifier(hierarchy),)


def test_questions_that_are_none(hierarchy: Hierarchy) -> None:
    asked = identifier(hierarchy).encode()
    digest = writer.octets(bytes(20))
    md5 = writer.sequence(
        writer.sequence(writer.oid("1.2.840.113549.2.5")), writer.octets(bytes(16)), writer.octets(bytes(16)), writer.integer(5)
    )
    short = writer.sequence(writer.sequence(writer.oid(oids.SM3)), digest, digest, writer.integer(5))
    negative = writer.sequence(writer.sequence(writer.oid(oids.SHA1)), digest, digest, writer.integer(-5))
    cases: list[tuple[bytes, type[CryptoError]]] = [
        (b"", MalformedDER),
        (assembled(asked) + b"\x00", MalformedDER),
        (assembled(), InvalidOCSPRequest),
        (assembled(*[asked] * 33), InvalidOCSPRequest),
        (bytes(1 << 14), MalformedDER),
        (assembled(asked, head=writer.explicit(0, writer.integer(0))), MalformedDER),
        (assembled(md5), UnsupportedAlgorithm),
        (assembled(short), MalformedDER),
        (assembled(negative), InvalidSerialNumber),
        (assembled(asked, extensions=with_nonce(writer.octets(b""))), InvalidExtension),
        (assembled(asked, extensions=with_nonce(writer.octets(bytes(129)))), InvalidExtension),
        (assembled(asked, extensions=with_nonce(b"raw")), CryptoError),
        (assembled(asked, extensions=with_nonce(writer.NULL, oid="1.2.3.4", critical=True)), InvalidOCSPRequest),
    ]
    for der, error in cases:
        with pytest.raises(error):
            OCSPRequest.from_der(der)


def test_an_answer_that_is_written_is_read(hierarchy: Hierarchy) -> None:
    states = (
        CertificateState(),
        CertificateState(YESTERDAY, Reason.KEY_COMPROMISE),
        CertificateState(YESTERDAY),
        CertificateState(known=False),
    )
    said = tuple(single(hierarchy.leaf.certificate, hierarchy.school, state) for state in states)
    found = OCSPResponse.from_der(response_der(hierarchy.school, *said, nonce=b"n", along=False))
    assert found.answer is not None
    assert found.answer.data == ResponseData(hierarchy.school.certificate.subject, NOW, said, b"n")
    assert found.answer.data.encode() == found.answer.data_der
    extended = ResponseData(bytes(20), NOW, said[:1], extended_revoke=True)
    again = OCSPResponse.from_der(sign_response(extended, hierarchy.school.signer, []))
    assert again.answer is not None
    assert again.answer.data == extended


@pytest.mark.parametrize("status", [one for one in ResponseStatus if one])
def test_a_refusal_has_no_answer(status: ResponseStatus) -> None:
    assert OCSPResponse.from_der(refusal(status)) == OCSPResponse(status)


def test_answers_that_are_none(hierarchy: Hierarchy) -> None:
    good = response_der(hierarchy.school, single(hierarchy.leaf.certificate, hierarchy.school), along=False)
    other = writer.sequence(writer.oid("1.2.3"), writer.octets(b""))
    cases: list[tuple[bytes, type[CryptoError]]] = [
        (b"", MalformedDER),
        (good + b"\x00", MalformedDER),
        (writer.sequence(writer.enumerated(0)), InvalidOCSPResponse),
        (writer.sequence(writer.enumerated(4)), InvalidOCSPResponse),
        (writer.sequence(writer.enumerated(6), writer.explicit(0, other)), InvalidOCSPResponse),
        (writer.sequence(writer.enumerated(0), writer.explicit(0, other)), InvalidOCSPResponse),
        (sign_response(ResponseData(b"", NOW, ()), hierarchy.school.signer, []), InvalidOCSPResponse),
    ]
    for der, error in cases:
        with pytest.raises(error):
            OCSPResponse.from_der(der)
    with pytest.raises(InvalidOCSPResponse):  # the certificate of another key
        sign_response(ResponseData(b"", NOW, ()), hierarchy.school.signer, [hierarchy.leaf.certificate])


def test_mutations_of_a_question_are_refused_or_another_question(hierarchy: Hierarchy) -> None:
    source, original = random.Random(6960), OCSPRequest((identifier(hierarchy),), b"n" * 32)
    der, accepted = original.encode(), 0
    for _ in range(3000):
        mutant = bytearray(der)
        mutant[source.randrange(len(mutant))] ^= 1 << source.randrange(8)
        try:
            found = OCSPRequest.from_der(bytes(mutant))
        except CryptoError:
            continue
        accepted += 1
        assert found != original
        assert found.nonce is None or found.encode() == bytes(mutant)
    assert accepted


def test_mutations_of_an_answer_are_refused_or_not_believed(hierarchy: Hierarchy) -> None:
    source, refused = random.Random(6961), 0
    der = response_der(responder(hierarchy.school), single(hierarchy.leaf.certificate, hierarchy.school))
    for _ in range(700):
        mutant = bytearray(der)
        mutant[source.randrange(len(mutant))] ^= 1 << source.randrange(8)
        try:
            check_response(OCSPResponse.from_der(bytes(mutant)), hierarchy.leaf.certificate, hierarchy.school.certificate, NOW)
        except CryptoError:
            refused += 1
            continue
        pytest.fail(mutant.hex())
    assert refused == 700
