"""GM/T 0010 and CMS: what is written is read, what is changed is refused, and another implementation agrees both ways."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from idp.crypto import sm2
from idp.crypto.base64url import decode
from idp.crypto.der import AlgorithmIdentifier, oids, signature_to_der, tags, writer
from idp.crypto.errors import CryptoError, DecryptionFailed, InvalidEncoding, MalformedDER, UnsupportedAlgorithm
from idp.crypto.x509.cms import attributes
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.enveloped_data import MAX_RECIPIENTS, EnvelopedData, envelop
from idp.crypto.x509.cms.errors import (
    AmbiguousDocument,
    DocumentMissing,
    DocumentNeeded,
    InvalidMessage,
    NotForThisKey,
    NotSignedBySigner,
    OtherDocument,
    OtherMessage,
    SignerNotAtHand,
)
from idp.crypto.x509.cms.signed_data import SignedData, SignerInfo
from idp.crypto.x509.cms.signing import sign
from idp.crypto.x509.cms.syntax import NATIONAL, SM3, SYNTAXES, Syntax
from idp.crypto.x509.cms.verify import check_signature, document_of, signer_certificate
from idp.crypto.x509.request import create_request
from tests.services.gmsm import Refused, gmsm
from tests.unit.crypto.x509.hierarchy import NOW, Hierarchy, Party, leaf, name

OF_THE_KEY = AlgorithmIdentifier(oids.SM2_SIGNATURE)
DOCUMENT = "高等学校毕业证书".encode()


def scalar(party: Party) -> bytes:
    return decode(str(party.signer.private_jwk()["d"]))


def opener(party: Party) -> Callable[[bytes], bytes]:
    return lambda wrapped: sm2.decrypt(sm2.PrivateKey(scalar(party)), wrapped)


def signed_by(hierarchy: Hierarchy, *, attached: bool = True, syntax: Syntax = NATIONAL, document: Document | None = None) -> bytes:
    certificate, *along = hierarchy.chain
    return sign(
        document or Document.of(DOCUMENT),
        hierarchy.leaf.signer,
        certificate,
        at=NOW,
        attached=attached,
        along=along,
        syntax=syntax,
    )


def believe(der: bytes, given: bytes | Document | None = None) -> SignedData:
    """Every signature of a message."""
    message = SignedData.from_der(der)
    document = document_of(message, Document.of(given) if isinstance(given, bytes) else given)
    for signer in message.signers:
        check_signature(message, signer, signer_certificate(message, signer), document)
    return message


@pytest.mark.parametrize("syntax", SYNTAXES, ids=["national", "international"])
def test_a_signed_message_is_read_as_it_was_written(hierarchy: Hierarchy, syntax: Syntax) -> None:
    message = believe(signed_by(hierarchy, syntax=syntax))
    signer = message.signers[0]
    assert (message.content, message.version, message.message_type) == (DOCUMENT, 1, syntax.signed_data)
    assert (signer.signing_time, signer.content_type) == (NOW, syntax.data)
    assert set(message.certificates) == set(hierarchy.chain)


def test_a_detached_signature_is_for_its_document_alone(hierarchy: Hierarchy) -> None:
    # The signer needs no more than the digest, and so does who checks.
    der = signed_by(hierarchy, attached=False, document=Document(Document.of(DOCUMENT).digest))
    assert believe(der, DOCUMENT).content is None
    assert DOCUMENT not in der
    believe(der, Document(Document.of(DOCUMENT).digest))
    with pytest.raises(DocumentMissing):
        believe(der)
    with pytest.raises(OtherDocument):
        believe(der, DOCUMENT + b".")
    with pytest.raises(OtherDocument):
        believe(signed_by(hierarchy), DOCUMENT + b".")
    with pytest.raises(DocumentNeeded):
        signed_by(hierarchy, document=Document(bytes(32)))
    with pytest.raises(InvalidEncoding):
        Document(bytes(31))


def test_a_signature_of_another_key_or_certificate_is_refused(hierarchy: Hierarchy) -> None:
    other = leaf(hierarchy.school)
    with pytest.raises(InvalidMessage):
        sign(Document.of(b"x"), other.signer, hierarchy.leaf.certificate, at=NOW, attached=True)
    message = SignedData.from_der(signed_by(hierarchy))
    with pytest.raises(NotSignedBySigner):
        check_signature(message, message.signers[0], other.certificate, Document.of(DOCUMENT))
    bare = sign(Document.of(DOCUMENT), hierarchy.leaf.signer, hierarchy.leaf.certificate, at=NOW, attached=True)
    without = SignedData(bare, 1, message.message_type, message.content_type, DOCUMENT, (), message.signers)
    with pytest.raises(SignerNotAtHand):
        signer_certificate(without, without.signers[0], [other.certificate])
    assert signer_certificate(without, without.signers[0], [hierarchy.leaf.certificate]) == hierarchy.leaf.certificate


@dataclass
class Forged:
    """A message that is built part by part, to be built wrongly."""

    party: Party
    outer: str = oids.GM_SIGNED_DATA
    version: int = 1
    content: bytes = writer.explicit(0, writer.octets(DOCUMENT))
    stated: dict[str, bytes] | None = None
    digest: AlgorithmIdentifier = SM3
    algorithm: AlgorithmIdentifier = NATIONAL.signature
    signer_version: int = 1
    copies: int = 1
    after: bytes = b""

    def der(self) -> bytes:
        certificate = self.party.certificate
        to_sign = attributes.encode(self.stated) if self.stated is not None else DOCUMENT
        signature = self.party.signer.sign(to_sign)
        as_integers = (writer.integer(int.from_bytes(half, "big")) for half in (signature[:32], signature[32:]))
        info = writer.sequence(
            writer.integer(self.signer_version),
            writer.sequence(certificate.issuer.der, writer.integer(certificate.serial_number)),
            self.digest.encode(),
            attributes.encode(self.stated, 0xA0) if self.stated is not None else b"",
            self.algorithm.encode(),
            writer.octets(writer.sequence(*as_integers)),
            self.after,
        )
        data = writer.sequence(
            writer.integer(self.version),
            writer.set_of([self.digest.encode()]),
            writer.sequence(writer.oid(oids.GM_DATA), self.content),
            writer.element(0xA0, certificate.der),
            writer.element(tags.SET, info * self.copies),
        )
        return writer.sequence(writer.oid(self.outer), writer.explicit(0, data))


def stated(**changes: bytes | None) -> dict[str, bytes]:
    found = {"type": writer.oid(oids.GM_DATA), "digest": writer.octets(Document.of(DOCUMENT).digest)} | changes
    kinds = {"type": oids.CONTENT_TYPE, "digest": oids.MESSAGE_DIGEST, "time": oids.SIGNING_TIME}
    return {kinds[name]: value for name, value in found.items() if value is not None}


def test_a_message_built_by_hand_is_believed(hierarchy: Hierarchy) -> None:
    """With attributes and without, so that the refusals below are for what they change."""
    believe(Forged(hierarchy.leaf).der())
    believe(Forged(hierarchy.leaf, stated=stated()).der())
    null = AlgorithmIdentifier(oids.SM3, writer.NULL)
    believe(Forged(hierarchy.leaf, stated=stated(), digest=null, algorithm=AlgorithmIdentifier(oids.SM2_WITH_SM3)).der())
    bare = Forged(hierarchy.leaf, content=b"").der()
    with pytest.raises(DocumentNeeded):
        believe(bare, Document(Document.of(DOCUMENT).digest))


FORGED: list[tuple[dict[str, object], type[CryptoError]]] = [
    ({"outer": oids.GM_ENVELOPED_DATA}, OtherMessage),
    ({"outer": oids.GM_DATA}, OtherMessage),
    ({"version": 2}, InvalidMessage),
    ({"signer_version": 3}, MalformedDER),
    ({"copies": 0}, InvalidMessage),
    ({"copies": 17}, InvalidMessage),
    ({"digest": AlgorithmIdentifier(oids.SHA256)}, UnsupportedAlgorithm),
    ({"digest": AlgorithmIdentifier(oids.SM3, writer.integer(1))}, UnsupportedAlgorithm),
    ({"algorithm": AlgorithmIdentifier(oids.SM2_ENCRYPTION)}, UnsupportedAlgorithm),
    ({"stated": {}}, InvalidMessage),
    ({"stated": stated(type=None)}, InvalidMessage),
    ({"stated": stated(digest=None)}, InvalidMessage),
    ({"stated": stated(type=writer.oid(oids.TST_INFO))}, InvalidMessage),
    ({"stated": stated(digest=writer.octets(bytes(32)))}, OtherDocument),
    ({"stated": stated(digest=writer.octets(b""))}, OtherDocument),
    ({"stated": stated(digest=writer.integer(1))}, MalformedDER),
    ({"stated": stated(time=writer.octets(b"yesterday"))}, MalformedDER),
    ({"content": writer.explicit(0, writer.integer(1))}, MalformedDER),
    ({"content": writer.octets(DOCUMENT)}, MalformedDER),
    ({"after": b"\x05\x00"}, MalformedDER),
]


@pytest.mark.parametrize(("changes", "error"), FORGED)
def test_a_message_that_is_none_is_refused(hierarchy: Hierarchy, changes: dict[str, object], error: type[CryptoError]) -> None:
    with pytest.raises(error):
        believe(Forged(hierarchy.leaf, **changes).der())  # type: ignore[arg-type]


@pytest.mark.parametrize("der", [b"", b"0\x80", b"\x30\x00", b"\x00" * 64, b"-----BEGIN PKCS7-----"])
def test_what_is_no_message_is_refused_with_its_place(der: bytes) -> None:
    for reading in (SignedData.from_der, EnvelopedData.from_der):
        with pytest.raises(MalformedDER) as caught:
            reading(der)
        assert caught.value.offset >= 0


def test_more_than_the_limit_and_less_than_the_whole_are_refused(hierarchy: Hierarchy) -> None:
    der = signed_by(hierarchy)
    with pytest.raises(MalformedDER):
        SignedData.from_der(der, limit=len(der) - 1)
    for wrong in (der + b"\x00", der[:-1]):
        with pytest.raises(MalformedDER):
            SignedData.from_der(wrong)


def test_attributes_are_never_signed_as_a_document(hierarchy: Hierarchy) -> None:
    """A signature over them alone must not pass for one over them as attributes, nor the other way round."""
    message = SignedData.from_der(signed_by(hierarchy))
    signer = message.signers[0]
    assert signer.signed is not None
    confused = SignerInfo(signer.issuer, signer.serial_number, signer.signature, signer.encoded_signature)
    with pytest.raises(AmbiguousDocument):
        check_signature(message, confused, hierarchy.leaf.certificate, Document.of(signer.signed))
    assert not attributes.are_signed_attributes(DOCUMENT)
    assert not attributes.are_signed_attributes(signer.signed + b"\x00")


def _mutants(der: bytes, count: int, seed: int) -> list[bytes]:
    source, found = random.Random(seed), []
    for _ in range(count):
        mutant = bytearray(der)
        mutant[source.randrange(len(mutant))] ^= 1 << source.randrange(8)
        found.append(bytes(mutant))
    return found


def test_mutations_of_a_signed_message_change_nothing_that_is_believed(hierarchy: Hierarchy) -> None:
    """A turned bit is refused by a typed error, or stands where nothing is said: a certificate that is not the signer's."""
    for mutant in _mutants(signed_by(hierarchy), 600, 10):
        try:
            message = believe(mutant)
        except CryptoError:
            continue
        assert message.content == DOCUMENT
        assert message.signers[0].signing_time == NOW


def test_an_envelope_opens_for_each_recipient_and_nobody_else(hierarchy: Hierarchy) -> None:
    parties = [leaf(hierarchy.school) for _ in range(3)]
    for content in (b"", DOCUMENT, bytes(4096)):
        message = EnvelopedData.from_der(envelop(content, [one.certificate for one in parties[:2]]))
        assert len(message.recipients) == 2
        for one in parties[:2]:
            assert message.open(one.certificate, opener(one)) == content
        with pytest.raises(NotForThisKey):
            message.open(parties[2].certificate, opener(parties[2]))
        with pytest.raises(DecryptionFailed):
            message.open(parties[0].certificate, opener(parties[1]))
    for nobody in ([], [parties[0].certificate] * 2, [parties[0].certificate] * (MAX_RECIPIENTS + 1)):
        with pytest.raises(InvalidMessage):
            envelop(DOCUMENT, nobody)


def test_an_envelope_with_a_key_of_another_length_does_not_open(hierarchy: Hierarchy) -> None:
    party = hierarchy.leaf
    message = EnvelopedData.from_der(envelop(DOCUMENT, [party.certificate]))
    with pytest.raises(DecryptionFailed):
        message.open(party.certificate, lambda _wrapped: bytes(15))


ENVELOPES: list[tuple[bytes, type[CryptoError]]] = [
    (AlgorithmIdentifier(oids.SM4_ECB, writer.octets(bytes(16))).encode(), UnsupportedAlgorithm),
    (AlgorithmIdentifier(oids.SM4_CBC).encode(), MalformedDER),
    (AlgorithmIdentifier(oids.SM4_CBC, writer.octets(bytes(15))).encode(), InvalidMessage),
    (AlgorithmIdentifier(oids.SM4_CBC, writer.integer(1)).encode(), MalformedDER),
]


def _envelope(party: Party, algorithm: bytes, content: bytes, *, count: int = 1, encryption: str = oids.SM2_ENCRYPTION) -> bytes:
    named = writer.sequence(party.certificate.issuer.der, writer.integer(party.certificate.serial_number))
    wrapped = writer.octets(sm2.encrypt(party.certificate.public_key, bytes(16)))
    info = writer.sequence(writer.integer(1), named, AlgorithmIdentifier(encryption).encode(), wrapped)
    inside = writer.sequence(writer.oid(oids.GM_DATA), algorithm, content)
    data = writer.sequence(writer.integer(1), writer.element(tags.SET, info * count), inside)
    return writer.sequence(writer.oid(oids.GM_ENVELOPED_DATA), writer.explicit(0, data))


@pytest.mark.parametrize(("algorithm", "error"), ENVELOPES)
def test_an_envelope_by_another_cipher_is_refused(hierarchy: Hierarchy, algorithm: bytes, error: type[CryptoError]) -> None:
    with pytest.raises(error):
        EnvelopedData.from_der(_envelope(hierarchy.leaf, algorithm, writer.element(0x80, bytes(16))))


def test_an_envelope_that_is_none_is_refused(hierarchy: Hierarchy) -> None:
    cbc = AlgorithmIdentifier(oids.SM4_CBC, writer.octets(bytes(16))).encode()
    whole = writer.element(0x80, bytes(16))
    EnvelopedData.from_der(_envelope(hierarchy.leaf, cbc, whole, encryption=oids.SM2_KEY_EXCHANGE))
    wrong: list[tuple[bytes, type[CryptoError]]] = [
        (_envelope(hierarchy.leaf, cbc, whole, count=0), InvalidMessage),
        (_envelope(hierarchy.leaf, cbc, whole, count=MAX_RECIPIENTS + 1), InvalidMessage),
        (_envelope(hierarchy.leaf, cbc, whole, encryption=oids.SM2_SIGNATURE), UnsupportedAlgorithm),
        (_envelope(hierarchy.leaf, cbc, b""), MalformedDER),
        (_envelope(hierarchy.leaf, cbc, writer.element(0x80, b"")), InvalidMessage),
        (_envelope(hierarchy.leaf, cbc, writer.element(0x80, bytes(17))), InvalidMessage),
        (_envelope(hierarchy.leaf, cbc, writer.element(0xA0, writer.octets(bytes(16)) * 2)), MalformedDER),
        (signed_by(hierarchy), OtherMessage),
    ]
    for der, error in wrong:
        with pytest.raises(error):
            EnvelopedData.from_der(der)


def test_mutations_of_an_envelope_end_in_a_typed_error_or_another_content(hierarchy: Hierarchy) -> None:
    party, opened = hierarchy.leaf, 0
    der = envelop(DOCUMENT * 8, [party.certificate])
    decrypt = opener(party)
    for mutant in _mutants(der, 600, 11):
        try:
            EnvelopedData.from_der(mutant).open(party.certificate, decrypt)
        except CryptoError:
            continue
        opened += 1
    assert opened  # CBC says nothing about a ciphertext that was changed, which is why the specification says so


# --- github.com/emmansun/gmsm, which shares nothing with ours ----------------------------------------------------------


@pytest.fixture
def files(hierarchy: Hierarchy, tmp_path: Path) -> Path:
    """The documents and certificates that the other side reads."""
    (tmp_path / "document").write_bytes(DOCUMENT)
    for place, one in zip(("leaf", "school", "province", "root"), (*hierarchy.chain, hierarchy.root.certificate), strict=True):
        (tmp_path / place).write_bytes(one.der)
    return tmp_path


@pytest.mark.parametrize("how", ["attached", "detached", "bare"])
def test_what_gmsm_signs_is_believed(hierarchy: Hierarchy, files: Path, how: str) -> None:
    chain = [files / place for place in ("leaf", "school", "province")]
    gmsm("sign", how, scalar(hierarchy.leaf).hex(), files / "document", files / "signed", *(chain[:1] if how == "bare" else chain))
    message = believe((files / "signed").read_bytes(), DOCUMENT)
    assert (message.content is None) == (how == "detached")
    assert (message.signers[0].signed is None) == (how == "bare")
    with pytest.raises((OtherDocument, NotSignedBySigner)):
        believe((files / "signed").read_bytes(), DOCUMENT + b".")


def test_two_signers_of_gmsm_are_believed(hierarchy: Hierarchy, files: Path) -> None:
    other = leaf(hierarchy.school)
    (files / "other").write_bytes(other.certificate.der)
    first, second = scalar(hierarchy.leaf).hex(), scalar(other).hex()
    gmsm("twice", first, files / "leaf", second, files / "other", files / "document", files / "signed")
    message = believe((files / "signed").read_bytes())
    names = [signer_certificate(message, one) for one in message.signers]
    assert set(names) == {hierarchy.leaf.certificate, other.certificate}


@pytest.mark.parametrize("attached", [True, False])
def test_gmsm_believes_what_we_sign(hierarchy: Hierarchy, files: Path, attached: bool) -> None:
    stamped = files / "signed"
    stamped.write_bytes(signed_by(hierarchy, attached=attached))
    given = [] if attached else [files / "document"]
    assert gmsm("verify", stamped, files / "root", *given) == f"good: 1 of {DOCUMENT.hex()}"
    (files / "document").write_bytes(DOCUMENT + b".")
    changed = stamped.read_bytes().replace(DOCUMENT, DOCUMENT[:-1] + b".")
    stamped.write_bytes(changed)
    with pytest.raises(Refused, match="digest mismatch"):
        gmsm("verify", stamped, files / "root", *given)


def test_envelopes_go_both_ways_with_gmsm(hierarchy: Hierarchy, files: Path) -> None:
    gmsm("encrypt", files / "document", files / "sealed", files / "leaf", files / "school")
    message = EnvelopedData.from_der((files / "sealed").read_bytes())
    assert message.open(hierarchy.leaf.certificate, opener(hierarchy.leaf)) == DOCUMENT
    assert message.open(hierarchy.school.certificate, opener(hierarchy.school)) == DOCUMENT
    (files / "sealed").write_bytes(envelop(DOCUMENT, [hierarchy.school.certificate, hierarchy.leaf.certificate]))
    for place, party in (("leaf", hierarchy.leaf), ("school", hierarchy.school)):
        assert gmsm("open", files / "sealed", files / place, scalar(party).hex()) == DOCUMENT.hex()
    with pytest.raises(Refused):
        gmsm("open", files / "sealed", files / "leaf", scalar(hierarchy.root).hex())


def test_gmsm_verifies_our_chain_request_and_raw_signature(hierarchy: Hierarchy, files: Path) -> None:
    assert gmsm("chain", files / "root", files / "leaf", files / "school", files / "province") == "good"
    with pytest.raises(Refused):
        gmsm("chain", files / "root", files / "leaf", files / "school")
    (files / "csr").write_bytes(create_request(name("新学校"), hierarchy.leaf.signer).der)
    assert gmsm("request", files / "csr") == "good"
    (files / "signature").write_bytes(signature_to_der(hierarchy.leaf.signer.sign(DOCUMENT)))
    assert gmsm("raw", files / "leaf", files / "document", files / "signature") == "good"
    (files / "document").write_bytes(DOCUMENT + b".")
    with pytest.raises(Refused):
        gmsm("raw", files / "leaf", files / "document", files / "signature")
