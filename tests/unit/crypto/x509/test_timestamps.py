"""RFC 3161: questions, tokens and answers are read only in their one form, and a token is believed only where all of it holds."""

import random
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, tsp

from idp.crypto import sm3
from idp.crypto.der import oids, signature_to_der, writer
from idp.crypto.errors import CryptoError, MalformedDER, UnsupportedAlgorithm
from idp.crypto.key_files import spki
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.errors import InvalidTimeStamp, UnknownIssuer, UnknownTimeStampExtension, UnsupportedTimeStampVersion
from idp.crypto.x509.extensions import ExtendedKeyUsage, KeyUsage
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.path import PathRules
from idp.crypto.x509.signing import signed
from idp.crypto.x509.timestamp import (
    FailureInfo,
    MessageImprint,
    TimeStampInfo,
    TimeStampRequest,
    TimeStampResponse,
    TimeStampToken,
)
from idp.crypto.x509.timestamp.response import granted, refusal
from idp.crypto.x509.timestamp.token import sign_token
from idp.crypto.x509.timestamp.verify import check_response, check_token
from tests.unit.crypto.x509.hierarchy import NOW, Hierarchy, Party, contents, leaf, name

MESSAGE = "毕业证书".encode()
POLICY = "1.2.156.1.2.3"
IMPRINT = MessageImprint.of(MESSAGE)
ASKED = TimeStampRequest(IMPRINT, POLICY, 1 << 63, certificate_wanted=True)
RULES = PathRules(at=NOW)


@pytest.fixture(scope="session")
def stamper(hierarchy: Hierarchy) -> Party:
    usage = (KeyUsage.of(bits.DIGITAL_SIGNATURE), True)
    return leaf(hierarchy.school, usage, (ExtendedKeyUsage((oids.TIME_STAMPING,)), True))


def said(stamper: Party, **changes: object) -> TimeStampInfo:
    info = TimeStampInfo(
        POLICY, IMPRINT, 7, NOW, timedelta(seconds=1, milliseconds=20, microseconds=3), ASKED.nonce, stamper.certificate.subject
    )
    return replace(info, **changes)  # type: ignore[arg-type]


def token_of(hierarchy: Hierarchy, stamper: Party, **changes: object) -> TimeStampToken:
    along = [stamper.certificate, *hierarchy.chain[1:]]
    return TimeStampToken.from_der(sign_token(said(stamper, **changes), stamper.signer, stamper.certificate, along))


def test_a_question_that_is_written_is_read() -> None:
    for asked in (ASKED, TimeStampRequest(MessageImprint.of(MESSAGE, oids.SHA512)), replace(ASKED, nonce=-5)):
        assert TimeStampRequest.from_der(asked.encode()) == asked


def _question(*parts: bytes) -> bytes:
    return writer.sequence(writer.integer(1), *parts)


QUESTIONS: list[tuple[bytes, type[CryptoError]]] = [
    (b"", MalformedDER),
    (b"0\x80", MalformedDER),
    (ASKED.encode() + b"\x00", MalformedDER),
    (bytes(1 << 13), MalformedDER),
    (writer.sequence(writer.integer(2), IMPRINT.encode()), UnsupportedTimeStampVersion),
    (_question(), MalformedDER),
    (_question(writer.sequence(writer.sequence(writer.oid(oids.SHA1)), writer.octets(bytes(20)))), UnsupportedAlgorithm),
    (
        _question(writer.sequence(writer.sequence(writer.oid(oids.SM3), b"\x02\x01\x05"), writer.octets(bytes(32)))),
        UnsupportedAlgorithm,
    ),
    (_question(writer.sequence(writer.sequence(writer.oid(oids.SM3)), writer.octets(bytes(31)))), MalformedDER),
    (_question(IMPRINT.encode(), writer.integer(1 << 300)), MalformedDER),
    (_question(IMPRINT.encode(), b"\x01\x01\x00"), MalformedDER),
    (_question(IMPRINT.encode(), writer.integer(1), writer.oid(POLICY)), MalformedDER),
    (
        _question(IMPRINT.encode(), writer.explicit(0, writer.sequence(writer.oid("1.2.3"), writer.octets(b"")))),
        UnknownTimeStampExtension,
    ),
]


@pytest.mark.parametrize(("der", "error"), QUESTIONS)
def test_questions_that_are_none(der: bytes, error: type[CryptoError]) -> None:
    with pytest.raises(error):
        TimeStampRequest.from_der(der)


def test_mutations_of_a_question_are_refused_or_another_question() -> None:
    source, der, accepted = random.Random(3161), ASKED.encode(), 0
    for _ in range(3000):
        mutant = bytearray(der)
        mutant[source.randrange(len(mutant))] ^= 1 << source.randrange(8)
        try:
            found = TimeStampRequest.from_der(bytes(mutant))
        except CryptoError:
            continue
        accepted += 1
        assert found != ASKED
        assert found.encode() == bytes(mutant)
    assert accepted


def test_a_token_is_believed(hierarchy: Hierarchy, stamper: Party) -> None:
    root = hierarchy.root.certificate
    token = token_of(hierarchy, stamper)
    assert check_token(token, IMPRINT, root, RULES) == said(stamper)
    answer = TimeStampResponse.from_der(granted(token.der))
    assert check_response(answer, ASKED, root, RULES) == said(stamper)
    bare = TimeStampToken.from_der(sign_token(said(stamper), stamper.signer, stamper.certificate))
    assert bare.certificates == ()
    assert check_token(bare, IMPRINT, root, RULES, others=[stamper.certificate, *hierarchy.chain[1:]]) == said(stamper)
    with pytest.raises(InvalidTimeStamp):
        check_token(bare, IMPRINT, root, RULES)


def test_a_token_that_says_something_else_is_not_believed(hierarchy: Hierarchy, stamper: Party) -> None:
    root = hierarchy.root.certificate
    token = token_of(hierarchy, stamper)
    for other in (MessageImprint.of(b"another"), MessageImprint.of(MESSAGE, oids.SHA256)):
        with pytest.raises(InvalidTimeStamp):
            check_token(token, other, root, RULES)
    for changes in ({"at": NOW - timedelta(days=400)}, {"authority": hierarchy.school.certificate.subject}):
        with pytest.raises(InvalidTimeStamp):
            check_token(token_of(hierarchy, stamper, **changes), IMPRINT, root, RULES)
    for asked in (replace(ASKED, nonce=5), replace(ASKED, nonce=None), replace(ASKED, policy="1.2.3")):
        with pytest.raises(InvalidTimeStamp):
            check_response(TimeStampResponse(token), asked, root, RULES)
    with pytest.raises(UnknownIssuer):
        check_token(token, IMPRINT, leaf(hierarchy.school).certificate, RULES)


def test_a_signer_that_may_not_is_not_believed(hierarchy: Hierarchy, stamper: Party) -> None:
    usage, both = (KeyUsage.of(bits.DIGITAL_SIGNATURE), True), (oids.TIME_STAMPING, oids.CLIENT_AUTH)
    parties = [hierarchy.leaf]
    # Our own lints would sign neither of these.
    for purposes, critical in (((oids.TIME_STAMPING,), False), (both, True)):
        tbs = contents(name("tsa"), stamper.signer, hierarchy.school, usage, (ExtendedKeyUsage(purposes), critical))
        parties.append(Party(Certificate(signed(tbs.encode(), hierarchy.school.signer)), stamper.signer))
    for party in parties:
        with pytest.raises(InvalidTimeStamp):
            check_token(token_of(hierarchy, party), IMPRINT, hierarchy.root.certificate, RULES)
    with pytest.raises(InvalidTimeStamp):
        sign_token(said(stamper), stamper.signer, hierarchy.leaf.certificate)
    # The certificate of another key under the same name and number: its digest stands under the signature.
    token = token_of(hierarchy, stamper)
    swapped = replace(token, signing_certificate=replace(token.signing_certificate, digest=bytes(32)))
    with pytest.raises(InvalidTimeStamp):
        check_token(swapped, IMPRINT, hierarchy.root.certificate, RULES)


def test_mutations_of_an_answer_are_refused_or_not_believed(hierarchy: Hierarchy, stamper: Party) -> None:
    source, der = random.Random(3162), granted(token_of(hierarchy, stamper).der)
    believed = 0
    for _ in range(400):
        mutant = bytearray(der)
        mutant[source.randrange(len(mutant))] ^= 1 << source.randrange(8)
        try:
            found = TimeStampResponse.from_der(bytes(mutant))
            info = check_response(found, ASKED, hierarchy.root.certificate, RULES)
        except CryptoError:
            continue
        # What is not under the signature, such as granted with modifications, may change; what is said may not.
        assert info == said(stamper)
        believed += 1
    assert believed < 40


@pytest.mark.parametrize("failure", list(FailureInfo))
def test_a_refusal_has_no_token(failure: FailureInfo) -> None:
    answer = TimeStampResponse.from_der(refusal(failure))
    assert answer == TimeStampResponse(None, frozenset([failure]))
    with pytest.raises(InvalidTimeStamp):
        answer.granted()


def test_answers_that_are_none(hierarchy: Hierarchy, stamper: Party) -> None:
    good = token_of(hierarchy, stamper).der
    cases = [
        writer.sequence(writer.sequence(writer.integer(0))),
        writer.sequence(writer.sequence(writer.integer(2)), good),
        writer.sequence(writer.sequence(writer.integer(9))),
        granted(good) + b"\x00",
        granted(writer.sequence(writer.oid("1.2.3"), writer.explicit(0, writer.NULL))),
        bytes(1 << 17),
    ]
    for der in cases:
        with pytest.raises(CryptoError):
            TimeStampResponse.from_der(der)


def test_a_reader_by_another_hand_and_openssl_agree(hierarchy: Hierarchy, stamper: Party, tmp_path: Path) -> None:
    token = token_of(hierarchy, stamper)
    data = tsp.TimeStampResp.load(granted(token.der), strict=True)["time_stamp_token"]["content"]
    info = data["encap_content_info"]["content"].parsed
    assert isinstance(info, tsp.TSTInfo)
    assert (info["policy"].native, info["serial_number"].native, info["gen_time"].native) == (POLICY, 7, NOW)
    assert info["accuracy"].native == {"seconds": 1, "millis": 20, "micros": 3}
    assert info["message_imprint"]["hashed_message"].native == sm3.digest(MESSAGE)
    signer = data["signer_infos"][0]
    assert isinstance(signer, cms.SignerInfo)
    assert signer["signature"].native == signature_to_der(token.signature)
    # OpenSSL has no SM2 in `ts -verify` (decision 0025), so it is asked about the signature itself, with the standard's ID.
    attributes = signer["signed_attrs"].untag().dump()
    assert attributes == token.signed
    (tmp_path / "signed").write_bytes(attributes)
    (tmp_path / "signature").write_bytes(signer["signature"].native)
    (tmp_path / "key.der").write_bytes(spki.encode(stamper.certificate.public_key))
    verify = "openssl pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -digest sm3 -in signed -sigfile signature"
    done = subprocess.run(
        [*verify.split(), "-pkeyopt", "distid:1234567812345678"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "Verified Successfully" in done.stdout
