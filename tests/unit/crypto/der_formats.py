"""Every format that comes from outside: good samples, how it is read, and what the writer makes of what was read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from idp.crypto import sm2
from idp.crypto.der import AlgorithmIdentifier, Reader, ciphertext_from_der, ciphertext_to_der, oids, signature_to_der, writer
from idp.crypto.der.sm2_values import read_ciphertext
from idp.crypto.errors import CryptoError
from idp.crypto.key_files import enveloped_key, pbes2, pkcs8, sec1, spki
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.enveloped_data import EnvelopedData, envelop
from idp.crypto.x509.cms.signed_data import SignedData
from idp.crypto.x509.cms.signing import sign
from idp.crypto.x509.cms.syntax import INTERNATIONAL, NATIONAL
from idp.crypto.x509.crl import RevocationList, RevokedCertificate
from idp.crypto.x509.extensions import (
    CertificatePolicies,
    ExtendedKeyUsage,
    Extensions,
    IssuingDistributionPoint,
    KeyUsage,
    NameConstraints,
    PolicyConstraints,
    SubjectAltName,
)
from idp.crypto.x509.extensions import usage as bits
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.name import Name
from idp.crypto.x509.ocsp import CertID, OCSPRequest, OCSPResponse
from idp.crypto.x509.reasons import Reason
from idp.crypto.x509.request import CertificateRequest, create_request, encode_info
from idp.crypto.x509.signing import read_algorithm, read_signature, signed
from idp.crypto.x509.timestamp import MessageImprint, TimeStampInfo, TimeStampRequest, TimeStampResponse, TimeStampToken
from idp.crypto.x509.timestamp.response import FailureInfo, granted, refusal
from idp.crypto.x509.timestamp.token import sign_token
from tests.unit.crypto.der_mutations import is_canonical
from tests.unit.crypto.x509.hierarchy import CRL_URI, NOW, Hierarchy, authority, leaf, name
from tests.unit.crypto.x509.revocations import YESTERDAY, responder, response_der, revocation_list, single


class Verdict(StrEnum):
    """What became of a mutant. ``PASSED_OVER``: accepted, with something in it that is read and not kept, by decision. ``LOOSE`` and
    ``UNTYPED`` are mistakes of ours.
    """

    REFUSED = "refused"
    EXACT = "exact"
    PASSED_OVER = "passed over"
    LOOSE = "loose"
    UNTYPED = "untyped"


@dataclass(frozen=True)
class Format:
    """``read`` gives the encodings that the writer could have made of what it read, nothing where nobody writes it.

    ``passes_over``: some of what stands in it is read and not kept. ``prepare`` is done to each mutant first.
    """

    samples: Sequence[bytes]
    read: Callable[[bytes], Sequence[bytes]]
    passes_over: bool = False
    prepare: Callable[[bytes], bytes] = bytes

    def judge(self, mutant: bytes) -> Verdict:
        der = self.prepare(mutant)
        try:
            written = self.read(der)
        except CryptoError:
            return Verdict.REFUSED
        except Exception:  # noqa: BLE001 - what else it may raise is the question
            return Verdict.UNTYPED
        if der in written:
            return Verdict.EXACT
        return Verdict.PASSED_OVER if self.passes_over and is_canonical(der) else Verdict.LOOSE


def formats() -> dict[str, Format]:
    """By name."""
    made = Hierarchy()
    stamper = leaf(made.school, (KeyUsage.of(bits.DIGITAL_SIGNATURE), True), (ExtendedKeyUsage((oids.TIME_STAMPING,)), True))
    info = TimeStampInfo(
        "1.2.156.1.2.3",
        MessageImprint.of(b"diploma"),
        7,
        NOW,
        timedelta(seconds=1, milliseconds=20),
        1 << 63,
        stamper.certificate.subject,
    )
    token = sign_token(info, stamper.signer, stamper.certificate, [stamper.certificate])
    question = TimeStampRequest(MessageImprint.of(b"diploma"), "1.2.156.1.2.3", 1 << 63, certificate_wanted=True).encode()
    key = sm2.PrivateKey.generate()
    document = Document.of("毕业证书".encode())
    signing = (document, made.leaf.signer, made.leaf.certificate)
    messages = [
        sign(*signing, at=NOW, attached=attached, along=[], syntax=syntax)
        for attached in (True, False)
        for syntax in (NATIONAL, INTERNATIONAL)
    ]
    envelope = enveloped_key.seal(sm2.PrivateKey.generate(), key.public_key)
    return {
        "certificate": Format(_certificates(made), _certificate),
        "request": Format(_requests(made), _request),
        "request, signed anew": Format(_infos(made), _request, prepare=lambda body: signed(body, made.leaf.signer)),
        "list": Format(_lists(made), _list, passes_over=True),
        "ocsp question": Format(_questions(made), lambda der: [OCSPRequest.from_der(der).encode()], passes_over=True),
        "ocsp answer": Format(_answers(made), _answer, passes_over=True),
        "pkcs8": Format(
            [pkcs8.encode(key, with_curve=curve, with_public=public) for curve in (False, True) for public in (False, True)], _pkcs8
        ),
        "sec1": Format([sec1.encode(key, with_curve=True, with_public=public) for public in (False, True)], _sec1),
        # Its parts only: a password is tried by a key derivation of thousands of rounds.
        "encrypted key": Format(_encrypted(), lambda der: [pbes2.read(der).encode()]),
        "public key": Format([spki.encode(key.public_key)], lambda der: [spki.encode(spki.read_public_key(der))]),
        "sm2 ciphertext": Format(
            [sm2.encrypt(key.public_key, b"x" * 24)], lambda der: [ciphertext_to_der(*ciphertext_from_der(der))]
        ),
        "enveloped key": Format([envelope], lambda der: _enveloped_key(der, key)),
        "signed message": Format(messages, _only_read(SignedData.from_der), passes_over=True),
        "enveloped message": Format(
            [envelop(b"x" * 20, [made.leaf.certificate], syntax=syntax) for syntax in (NATIONAL, INTERNATIONAL)],
            _only_read(EnvelopedData.from_der),
            passes_over=True,
        ),
        "time-stamp question": Format([question], lambda der: [TimeStampRequest.from_der(der).encode()]),
        "time-stamp token": Format([token], _only_read(TimeStampToken.from_der), passes_over=True),
        "time-stamp answer": Format([granted(token), refusal(FailureInfo.BAD_ALG)], _stamp_answer, passes_over=True),
        "time-stamp contents": Format([info.encode()], _stamp_contents, passes_over=True),
        "name": Format(
            [made.leaf.certificate.subject.der, Name.of(("C", "CN"), ("emailAddress", "a@b.cn"), ("CN", "a")).der], _name
        ),
    }


def _only_read(read: Callable[[bytes], object]) -> Callable[[bytes], Sequence[bytes]]:
    """For what is read in more forms than are written."""

    def read_it(der: bytes) -> Sequence[bytes]:
        read(der)
        return ()

    return read_it


def _outer(der: bytes, body: bytes) -> bytes:
    """``SEQUENCE { body, algorithm, signature }`` with the algorithm and signature of ``der``, each written anew."""
    outer = Reader(der, limit=len(der)).sequence()
    outer.any_element()
    return writer.sequence(body, read_algorithm(outer).encode(), writer.bit_string(signature_to_der(read_signature(outer))))


def _certificates(made: Hierarchy) -> list[bytes]:
    constraints = NameConstraints(permitted=(GeneralName.dns("school.edu.cn"),))
    rich = authority(
        "限制", made.root, 0, (constraints, True), (CertificatePolicies.of("1.2.3.4"), False), (PolicyConstraints(0, None), True)
    )
    names = (GeneralName.dns("a.cn"), GeneralName.ip("10.0.0.1"), GeneralName.email("a@b.cn"), GeneralName.uri("https://a.cn/x"))
    many = leaf(made.school, (KeyUsage.of(bits.DIGITAL_SIGNATURE), True), (SubjectAltName(names), False))
    return [one.der for one in (made.leaf.certificate, made.school.certificate, rich.certificate, many.certificate)]


def _certificate(der: bytes) -> list[bytes]:
    return [_outer(der, Certificate(der).tbs.encode())]


def _asked() -> Extensions:
    return Extensions.of((SubjectAltName((GeneralName.dns("a.edu.cn"),)), False), (KeyUsage.of(bits.DIGITAL_SIGNATURE), True))


def _requests(made: Hierarchy) -> list[bytes]:
    return [create_request(name("某校"), made.leaf.signer, asked).der for asked in (None, _asked())]


def _infos(made: Hierarchy) -> list[bytes]:
    return [encode_info(name("某校"), made.leaf.certificate.public_key, asked) for asked in (None, _asked())]


def _request(der: bytes) -> list[bytes]:
    found = CertificateRequest.from_der(der)
    return [_outer(der, encode_info(found.subject, found.public_key, found.extensions))]


def _lists(made: Hierarchy) -> list[bytes]:
    entry = RevokedCertificate(99, YESTERDAY, Reason.KEY_COMPROMISE, YESTERDAY - timedelta(days=3))
    part = IssuingDistributionPoint((GeneralName.uri(CRL_URI),))
    return [revocation_list(made.school, entry, RevokedCertificate(5, YESTERDAY), part=part).der, revocation_list(made.school).der]


def _list(der: bytes) -> list[bytes]:
    return [_outer(der, RevocationList(der).contents.encode())]


def _questions(made: Hierarchy) -> list[bytes]:
    ids = [
        CertID.of(made.school.certificate.subject, made.school.certificate.public_key, 77, kind) for kind in (oids.SM3, oids.SHA1)
    ]
    return [OCSPRequest(tuple(ids), b"n" * 32).encode(), OCSPRequest((ids[0],)).encode()]


def _answers(made: Hierarchy) -> list[bytes]:
    one = single(made.leaf.certificate, made.school)
    return [
        response_der(responder(made.school), one, nonce=b"n" * 16),
        response_der(made.school, one, along=False),
        b"\x30\x03\x0a\x01\x06",
    ]


def _answer(der: bytes) -> list[bytes]:
    found = OCSPResponse.from_der(der)
    if found.answer is None:
        return [writer.sequence(writer.enumerated(found.status))]
    along = (
        writer.explicit(0, writer.sequence(*(one.der for one in found.answer.certificates))) if found.answer.certificates else b""
    )
    signature = writer.bit_string(signature_to_der(found.answer.signature))
    basic = writer.sequence(found.answer.data.encode(), found.answer.algorithm.encode(), signature, along)
    body = writer.sequence(writer.oid(oids.OCSP_BASIC), writer.octets(basic))
    return [writer.sequence(writer.enumerated(found.status), writer.explicit(0, body))]


def _pkcs8(der: bytes) -> list[bytes]:
    reader = Reader(der, limit=pkcs8.MAX_BYTES)
    key = pkcs8.read(reader)
    reader.finish()
    return [pkcs8.encode(key, with_curve=curve, with_public=public) for curve in (False, True) for public in (False, True)]


def _sec1(der: bytes) -> list[bytes]:
    reader = Reader(der, limit=sec1.MAX_BYTES)
    key = sec1.read(reader, curve_known=False)
    reader.finish()
    return [sec1.encode(key, with_curve=True, with_public=public) for public in (False, True)]


def _encrypted() -> list[bytes]:
    return [
        pbes2.EncryptedKey(profile, bytes(16), 600_000, False, bytes(16), bytes(160)).encode()
        for profile in pbes2.PBES2_PROFILES.values()
    ]


def _enveloped_key(der: bytes, recipient: sm2.PrivateKey) -> list[bytes]:
    opened = enveloped_key.open_enveloped(der, recipient)
    inner = Reader(der, limit=len(der)).sequence()
    algorithm, wrapped = AlgorithmIdentifier.read(inner), ciphertext_to_der(*read_ciphertext(inner))
    point, sealed = inner.bit_string(), inner.bit_string()
    assert point[1:] == opened.public_key.point
    return [writer.sequence(algorithm.encode(), wrapped, writer.bit_string(point), writer.bit_string(sealed))]


def _stamp_answer(der: bytes) -> list[bytes]:
    found = TimeStampResponse.from_der(der)
    if found.token is not None:
        return [granted(found.token.der)]
    return [refusal(failure) for failure in found.failures]


def _stamp_contents(der: bytes) -> list[bytes]:
    found = TimeStampInfo.from_der(der)
    return [found.encode()] if found.at.microsecond == 0 else []  # fractions are read and not written


def _name(der: bytes) -> list[bytes]:
    reader = Reader(der, limit=len(der))
    found = Name.read(reader)
    reader.finish()
    return [found.der]
