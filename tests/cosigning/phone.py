"""A phone as the server meets it: the messages of the app, sent to the phone's origin."""

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from werkzeug.test import TestResponse

from idp.crypto import engines, sm3
from idp.crypto.cosign import keygen
from idp.crypto.cosign.encoding import read_point, read_scalar, write_point
from idp.crypto.cosign.proofs import Proof
from idp.crypto.cosign.signing import Answer, Binding
from idp.crypto.cosign.transcript import PROFILE
from tests.cosigning.share import Share

HOST = "phone.localhost:8000"
JSON = "application/json"


@dataclass
class Reply:
    """What came back."""

    status: int
    body: dict[str, Any]


@dataclass
class PhoneApp:
    """One phone: its device key, its half of one key, and the numbers of its messages."""

    app: Flask
    share: Share = field(default_factory=lambda: Share.new(engines.current().arithmetic))
    device: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    kid: str = ""
    _sequence: Any = field(default_factory=lambda: count(1000))

    @property
    def device_point(self) -> str:
        return self.device.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()

    def sign(self, address: str, text: str) -> str:
        der = self.device.sign(f"YIMA-COSIGN-DEVICE-1\n{address}\n{text}".encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        return f"{r:064x}{s:064x}"

    def post(self, address: str, body: bytes, content_type: str = JSON, host: str = HOST) -> TestResponse:
        """Sends bytes as they are."""
        return self.app.test_client().post(address, data=body, content_type=content_type, headers={"Host": host})

    def call(self, name: str, members: dict[str, Any]) -> Reply:
        """Sends a message, signed by the device."""
        address, text = f"/cosign/{name}", json.dumps(members)
        response = self.post(address, json.dumps({"signed": text, "signature": self.sign(address, text)}).encode())
        return Reply(response.status_code, response.get_json())

    def next_sequence(self) -> int:
        return int(next(self._sequence))

    def make_key(self, ticket: str) -> dict[str, Any]:
        """The two messages of a set-up; returns the transaction that confirms it."""
        committed, closed = self.share.commit(ticket)
        begun = {"profile": PROFILE, "ticket": ticket, "commitment": committed.hex(), "device": self.device_point}
        offer = self.call("enrol/begin", begun)
        assert offer.status == 200, offer
        proof = Proof(*(read_scalar(text) for text in offer.body["proof"]))
        opened = self.call("enrol/open", self.opening(ticket, committed, closed, read_point(offer.body["point"]), proof))
        assert opened.status == 200, opened
        self.kid = opened.body["kid"]
        return {"tx": ticket, "message": opened.body["message"]}

    def opening(self, ticket: str, committed: bytes, closed: keygen.Opening, point: bytes, proof: Proof) -> dict[str, Any]:
        opening = self.share.open(ticket, committed, closed, point, proof)
        return {
            "profile": PROFILE,
            "ticket": ticket,
            "point": write_point(opening.point),
            "proof": [opening.proof.challenge.hex(), opening.proof.answer.hex()],
            "blind": opening.blind.hex(),
            "joint": write_point(opening.joint),
        }

    def waiting(self) -> list[dict[str, Any]]:
        reply = self.call("waiting", {"kid": self.kid})
        assert reply.status == 200, reply
        found: list[dict[str, Any]] = reply.body["transactions"]
        return found

    def request(self, transaction: dict[str, Any], number: str, /, **changes: Any) -> tuple[bytes, Binding, dict[str, Any]]:
        """A nonce, what it is for, and the first message of a signature."""
        message = transaction["message"].encode()
        binding = Binding(self.kid, transaction["tx"], number, message, self.share.joint)
        nonce, request = self.share.request(binding)
        proof = request.proof
        members = {
            "profile": PROFILE,
            "kid": self.kid,
            "tx": transaction["tx"],
            "number": number,
            "digest": sm3.digest(message).hex(),
            "point": write_point(request.point),
            "proof": [proof.challenge.hex(), proof.first.hex(), proof.second.hex()],
            "sequence": self.next_sequence(),
        }
        return nonce, binding, members | changes

    def answer(self, transaction: dict[str, Any], number: str, /, **changes: Any) -> Reply:
        """The first message alone."""
        return self.call("answer", self.request(transaction, number, **changes)[2])

    def wrong_pin(self, transaction: dict[str, Any], number: str) -> Reply:
        """The first message with the share that a wrong PIN gives."""
        right, self.share = self.share, Share(self.share.arithmetic, Share.new(self.share.arithmetic).d1, self.share.joint)
        try:
            return self.answer(transaction, number)
        finally:
            self.share = right

    def signature(self, transaction: dict[str, Any], number: str) -> dict[str, Any]:
        """The second message, ready to be sent."""
        nonce, binding, members = self.request(transaction, number)
        answered = self.call("answer", members)
        assert answered.status == 200, answered
        answer = Answer(read_scalar(answered.body["r"]), read_scalar(answered.body["s1"]))
        signature = self.share.finish(binding, nonce, answer)
        return {"kid": self.kid, "tx": transaction["tx"], "r": signature[:32].hex(), "s": signature[32:].hex()}

    def confirm(self, transaction: dict[str, Any], number: str) -> Reply:
        """A whole signature."""
        return self.call("finish", self.signature(transaction, number))

    def decline(self, transaction: dict[str, Any], reason: str) -> Reply:
        members = {"kid": self.kid, "tx": transaction["tx"], "reason": reason, "sequence": self.next_sequence()}
        return self.call("decline", members)
