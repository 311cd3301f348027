"""What the service does for an app: what it signs others verify, and its verdicts say what was checked."""

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.crypto import sm2, sm3
from idp.crypto.der import AlgorithmIdentifier, oids, signature_from_der, writer
from idp.crypto.errors import InvalidSignature
from idp.crypto.key_files import spki
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.cms.document import Document
from idp.crypto.x509.cms.signed_data import SignedData
from idp.crypto.x509.cms.signing import sign
from idp.crypto.x509.timestamp import MessageImprint, TimeStampResponse
from tests.services.gmsm import gmsm
from tests.unit.crypto.x509.hierarchy import NOW, Hierarchy
from tests.web.signing.conftest import DOCUMENT, SigningSchool, binary, text

DIGEST = sm3.digest(DOCUMENT).hex()


@pytest.fixture
def files(asked: SigningSchool, tmp_path: Path) -> Path:
    """What other programs read."""
    (tmp_path / "document").write_bytes(DOCUMENT)
    (tmp_path / "root").write_bytes(asked.schools.chain()[-1].der)
    (tmp_path / "seal").write_bytes(asked.certificate("seal").der)
    return tmp_path


@pytest.mark.parametrize("attached", [True, False])
def test_a_signed_message_is_believed_by_gmsm_and_by_the_service(asked: SigningSchool, files: Path, attached: bool) -> None:
    made = asked.ask("sign", key="seal", document=text(DOCUMENT), attached=attached)
    assert (made["digest"], made["version"], made["format"]) == (DIGEST, 1, "gmt0010")
    (files / "signed").write_bytes(binary(made["signature"]))
    given = [] if attached else [files / "document"]
    assert gmsm("verify", files / "signed", files / "root", *given) == f"good: 1 of {DOCUMENT.hex()}"
    more = {} if attached else {"document": text(DOCUMENT)}
    said = asked.ask("verify", signature=made["signature"], **more)
    assert said["valid"]
    assert said["refusal"] is None
    one = said["signatures"][0]
    assert one["checked"] == ["signature", "usage", "path", "revocation"]
    assert "第一中学电子签章" in one["certificate"]["subject"]
    assert one["trusted_root"] == asked.schools.chain()[-1].fingerprint.hex()


def test_a_document_that_stays_at_home_is_signed_and_verified_by_its_digest(asked: SigningSchool, files: Path) -> None:
    made = asked.ask("sign", key="seal", digest=DIGEST)
    (files / "signed").write_bytes(binary(made["signature"]))
    gmsm("verify", files / "signed", files / "root", files / "document")
    assert asked.ask("verify", signature=made["signature"], digest=DIGEST)["valid"]
    wrong = asked.ask("verify", signature=made["signature"], digest=sm3.digest(b"x").hex())
    assert not wrong["valid"]
    assert wrong["signatures"][0]["refusal"]["code"] == "message.other_document"


def test_a_raw_signature_is_verified_by_openssl_and_by_the_service(asked: SigningSchool, files: Path) -> None:
    made = asked.ask("sign", key="seal", document=text(DOCUMENT), format="raw")
    certificate = Certificate.from_pem(made["certificate"])
    (files / "signature").write_bytes(binary(made["signature"]))
    (files / "key.pem").write_text(spki.write_public_key(certificate.public_key))
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pubin", "-inkey", files / "key.pem"]
    command += ["-in", files / "document", "-sigfile", files / "signature", "-pkeyopt", "distid:1234567812345678"]
    assert b"Verified Successfully" in subprocess.run(command, check=True, capture_output=True).stdout
    assert gmsm("raw", files / "seal", files / "document", files / "signature") == "good"
    pem = {"certificate": made["certificate"]}
    for by in ({"key": "seal"}, pem, {"public_key": (files / "key.pem").read_text()}):
        said = asked.ask("verify", signature=made["signature"], raw=True, document=text(DOCUMENT), **by)
        assert said["valid"], by
        changed = asked.ask("verify", signature=made["signature"], raw=True, document=text(DOCUMENT + b"."), **by)
        assert changed["signatures"][0]["refusal"]["code"] == "message.not_by_signer"
    plain = signature_from_der(binary(made["signature"]))
    assert asked.ask("verify", signature=text(plain), raw=True, document=text(DOCUMENT), **pem)["valid"]


def test_a_signature_can_be_stamped_by_the_next_authority_that_stamps(asked: SigningSchool) -> None:
    made = asked.ask("sign", key="seal", digest=DIGEST, timestamp=True)
    one = asked.ask("verify", signature=made["signature"], digest=DIGEST)["signatures"][0]
    assert one["checked"] == ["signature", "timestamp", "usage", "path", "revocation"]
    assert one["verified_at"] == one["timestamp"]["at"]
    # A stamp of another signature is none.
    other = SignedData.from_der(binary(asked.ask("sign", key="seal", digest=DIGEST, timestamp=True)["signature"]))
    stamps = [SignedData.from_der(binary(made["signature"])).signers[0].timestamp, other.signers[0].timestamp]
    assert stamps[0] is not None
    assert stamps[1] is not None
    swapped = binary(made["signature"])
    if len(stamps[0]) == len(stamps[1]):
        said = asked.ask("verify", signature=text(swapped.replace(*stamps)), digest=DIGEST)
        assert said["signatures"][0]["refusal"]["code"] == "x509.invalid_timestamp"


def test_a_time_stamp_and_a_digest_need_no_key(asked: SigningSchool) -> None:
    assert asked.ask("digest", document=text(DOCUMENT)) == {"digest": DIGEST}
    said = asked.ask("timestamp", authority="province", digest=DIGEST)
    token = TimeStampResponse.from_der(binary(said["response"])).granted()
    assert token.info.imprint.is_same(MessageImprint(AlgorithmIdentifier(oids.SM3), bytes.fromhex(DIGEST)))
    with asked.deployment.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "signing.document.stamped")).one()
    assert (event.actor_id, event.subject) == (asked.party.client_id, "authority:province")
    assert event.detail == {"digest": DIGEST, "serial": said["serial"]}
    assert asked.call("timestamp", {"authority": "school", "digest": DIGEST}).error == "certification.no_timestamp_service"
    assert asked.call("timestamp", {"authority": "nobody", "digest": DIGEST}).error == "certification.no_authority"


def test_an_envelope_to_a_key_and_to_a_certificate_opens(asked: SigningSchool) -> None:
    letters = asked.certificate("letters")
    for to in ({"keys": ["letters"]}, {"recipients": [letters.to_pem()]}, {"keys": ["letters"], "recipients": [letters.to_pem()]}):
        sealed = asked.ask("encrypt", document=text(DOCUMENT), **to)
        assert asked.ask("open", key="letters", envelope=sealed["envelope"]) == {"document": text(DOCUMENT)}


def test_an_envelope_for_others_or_to_what_does_not_encrypt_is_refused(asked: SigningSchool) -> None:
    root = asked.schools.chain()[-1]
    seal = asked.certificate("seal")
    for to, error in (
        ({"recipients": [seal.to_pem()]}, "signing.recipient"),
        ({"keys": ["seal"]}, "key_not_usable"),
        ({"recipients": [root.to_pem()]}, "signing.recipient"),
    ):
        answer = asked.call("encrypt", {"document": text(DOCUMENT), **to})
        assert answer.status in (400, 409)
        assert error in (answer.error, "signing.recipient")
    made = asked.ask("sign", key="seal", document=text(DOCUMENT))
    assert asked.call("open", {"key": "letters", "envelope": made["signature"]}).error == "message.other_kind"
    assert asked.call("open", {"key": "seal", "envelope": text(b"0")}).status == 400


def test_attributes_are_not_signed_as_a_document(asked: SigningSchool) -> None:
    """Else an app that may sign raw bytes could make a message that says any time."""
    signed = SignedData.from_der(binary(asked.ask("sign", key="seal", digest=DIGEST)["signature"])).signers[0].signed
    assert signed is not None
    answer = asked.call("sign", {"key": "seal", "format": "raw", "document": text(signed)})
    assert (answer.status, answer.error) == (400, "message.ambiguous_document")


def test_a_signature_by_somebody_unknown_is_judged_and_not_believed(asked: SigningSchool) -> None:
    stranger = Hierarchy()
    der = sign(Document.of(DOCUMENT), stranger.leaf.signer, stranger.leaf.certificate, at=NOW, attached=True, along=stranger.chain)
    said = asked.ask("verify", signature=text(der))
    assert not said["valid"]
    assert said["signatures"][0]["refusal"]["code"] == "x509.unknown_issuer"
    assert said["signatures"][0]["checked"] == ["signature", "usage"]
    for nothing in (b"", b"0\x80", writer.sequence(writer.integer(1))):
        assert asked.ask("verify", signature=text(nothing))["refusal"]["code"] == "crypto.malformed_der"
    detached = asked.ask("sign", key="seal", digest=DIGEST)["signature"]
    assert asked.ask("verify", signature=detached)["refusal"]["code"] == "message.document_missing"


def test_an_app_sees_its_keys_and_their_certificates(asked: SigningSchool) -> None:
    answer = asked.call("keys", method="GET")
    found = {one["key"]: one for one in answer.body["keys"]}
    assert set(found) == {"letters", "seal"}
    assert found["seal"]["state"] == "active"
    assert [Certificate.from_pem(one) for one in found["seal"]["certificates"]] == [
        asked.certificate("seal"),
        *asked.schools.chain(),
    ]


def test_the_description_lists_every_operation(asked: SigningSchool) -> None:
    described = asked.app.test_client().get("/signing/v1/openapi.json").get_json()
    assert set(described["paths"]) == {"/sign", "/verify", "/digest", "/timestamp", "/encrypt", "/open", "/keys"}
    members = described["components"]["schemas"]["SignRequest"]["properties"]
    assert members["document"]["anyOf"][0]["contentEncoding"] == "base64"
    assert asked.app.test_client().get("/.well-known/openid-configuration").get_json()["scopes_supported"][-1] == "signing"


def test_a_raw_signature_is_by_the_standards_id_and_no_other(asked: SigningSchool) -> None:
    made = asked.ask("sign", key="seal", document=text(DOCUMENT), format="raw")
    key = Certificate.from_pem(made["certificate"]).public_key
    sm2.verify(key, DOCUMENT, signature_from_der(binary(made["signature"])))
    with pytest.raises(InvalidSignature):
        sm2.verify(key, DOCUMENT, signature_from_der(binary(made["signature"])), signer_id=b"")
