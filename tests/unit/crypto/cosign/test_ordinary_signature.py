"""What comes out is an ordinary SM2 signature, to programs that know nothing of two halves."""

import json
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
from asn1crypto import algos, core, csr, keys
from asn1crypto import x509 as names

from idp.crypto import engines, sm2
from idp.crypto.cosign.signing import Binding, answer, check_request
from idp.crypto.der import signature_to_der
from idp.crypto.engines import Arithmetic, Engine
from idp.crypto.errors import InvalidSignature
from tests.cosigning.share import Share, make_key
from tests.services.processes import ROOT, needed

COUNT = 20
SM2_CURVE = "1.2.156.10197.1.301"
SM2_WITH_SM3 = "1.2.156.10197.1.501"  # GM/T 0006
CLIENTS = ROOT / "tests" / "clients"


def cosign(arithmetic: Arithmetic, share: Share, d2: bytes, message: bytes) -> bytes:
    """One whole ceremony."""
    binding = Binding("kid", "transaction", "42", message, share.joint)
    nonce, request = share.request(binding)
    proven = check_request(arithmetic, binding, share.point, request)
    return share.finish(binding, nonce, answer(arithmetic, d2, proven))


def public_pem(point: bytes) -> bytes:
    algorithm = keys.PublicKeyAlgorithm({"algorithm": "ec", "parameters": keys.ECDomainParameters("named", SM2_CURVE)})
    info = keys.PublicKeyInfo({"algorithm": algorithm, "public_key": keys.ECPointBitString(b"\x04" + point)})
    return b"-----BEGIN PUBLIC KEY-----\n" + b64encode(info.dump()) + b"\n-----END PUBLIC KEY-----\n"


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.fixture
def signed(engine: Engine) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The joint key, and twenty messages signed by it."""
    share, offer = make_key(engine.arithmetic)
    messages = [f"第{number}次登录".encode() for number in range(COUNT)]
    return share.joint, [(message, cosign(engine.arithmetic, share, offer.share, message)) for message in messages]


def test_openssl_takes_twenty_of_twenty(signed: tuple[bytes, list[tuple[bytes, bytes]]], tmp_path: Path) -> None:
    joint, pairs = signed
    (tmp_path / "key.pem").write_bytes(public_pem(joint))
    for message, signature in pairs:
        (tmp_path / "message").write_bytes(message)
        (tmp_path / "signature").write_bytes(signature_to_der(signature))
        said = openssl(
            *("pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "key.pem", "-rawin", "-digest", "sm3"),
            *("-pkeyopt", "distid:1234567812345678", "-in", tmp_path / "message", "-sigfile", tmp_path / "signature"),
        )
        assert "Signature Verified Successfully" in said


def test_gmssl_takes_twenty_of_twenty(signed: tuple[bytes, list[tuple[bytes, bytes]]]) -> None:
    joint, pairs = signed
    reference = engines.load("gmssl")
    for message, signature in pairs:
        sm2.verify(sm2.PublicKey(joint), message, signature, engine=reference)


def test_a_library_from_npm_takes_twenty_of_twenty(signed: tuple[bytes, list[tuple[bytes, bytes]]]) -> None:
    node = needed("node", "apt install nodejs")
    joint, pairs = signed
    lines = [{"key": "04" + joint.hex(), "message": message.hex(), "signature": signature.hex()} for message, signature in pairs]
    lines.append({**lines[0], "message": lines[1]["message"]})  # it can also say no
    done = subprocess.run(
        [node, CLIENTS / "sm2_verify.mjs"], cwd=CLIENTS, input=json.dumps(lines), check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout) == [True] * COUNT + [False]


def test_another_message_is_refused(signed: tuple[bytes, list[tuple[bytes, bytes]]]) -> None:
    joint, pairs = signed
    with pytest.raises(InvalidSignature):
        sm2.verify(sm2.PublicKey(joint), pairs[1][0], pairs[0][1])


def test_a_certificate_request_signed_together_is_valid_to_openssl(engine: Engine, tmp_path: Path) -> None:
    share, offer = make_key(engine.arithmetic)
    algorithm = keys.PublicKeyAlgorithm({"algorithm": "ec", "parameters": keys.ECDomainParameters("named", SM2_CURVE)})
    info = csr.CertificationRequestInfo(
        {
            "version": 0,
            "subject": names.Name.build({"common_name": "林小雨"}),
            "subject_pk_info": keys.PublicKeyInfo(
                {"algorithm": algorithm, "public_key": keys.ECPointBitString(b"\x04" + share.joint)}
            ),
            "attributes": [],
        }
    )
    signature = cosign(engine.arithmetic, share, offer.share, info.dump())
    by = algos.SignedDigestAlgorithm({"algorithm": algos.SignedDigestAlgorithmId(SM2_WITH_SM3)})
    request = csr.CertificationRequest(
        {
            "certification_request_info": info,
            "signature_algorithm": by,
            "signature": core.OctetBitString(signature_to_der(signature)),
        }
    )
    (tmp_path / "request.der").write_bytes(request.dump())
    arguments = ("req", "-verify", "-inform", "DER", "-in", tmp_path / "request.der", "-noout")
    assert "verify OK" in openssl(*arguments, "-vfyopt", "distid:1234567812345678")
