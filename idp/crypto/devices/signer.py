"""Signing with a key in a device, and believing none of it unseen."""

from idp.crypto import engines, sm2
from idp.crypto.curve import N, in_signature_range
from idp.crypto.devices.device import Device
from idp.crypto.devices.errors import DeviceError, DeviceUntrusted
from idp.crypto.devices.reference import KeyReference
from idp.crypto.errors import CryptoError, InvalidSignature
from idp.crypto.jose.algorithms import SM2_ALGORITHM
from idp.crypto.jose.jwk import thumbprint
from idp.crypto.jose.sm2_key import SM2Key
from idp.crypto.z_value import digest_for_signature
from idp.i18n import N_


class SdfSigner:
    """The key at an index of a device, as a ``Signer`` for SGD_SM3_SM2. Making one asks the device nothing.

    The first signature after the device was opened is verified by this process's own engine, and with ``verify_all`` every one.
    """

    alg = SM2_ALGORITHM

    def __init__(self, device: Device, index: int, public_key: sm2.PublicKey, *, verify_all: bool = False) -> None:
        """``public_key`` is the one that the key had when it was taken into use: another at the same index is refused."""
        self._device = device
        self._index = index
        self._public_key = public_key
        self._verify_all = verify_all
        self._proven: tuple[int, int] | None = None
        self.kid = key_id(public_key)
        self._public = SM2Key(public_key).public_jwk() | {"kid": self.kid, "alg": self.alg, "use": "sig"}

    @property
    def reference(self) -> KeyReference:
        """Where the key lives."""
        return KeyReference(self._device.label, self._index)

    def sign(self, signing_input: bytes) -> bytes:
        """r‖s over SM3(Z ‖ ``signing_input``), Z by the standard's ID. Raises a ``DeviceError``."""
        digest = digest_for_signature(self._public_key.point, signing_input, sm2.DEFAULT_ID)
        signed = self._device.sign(self._index, digest)
        if self._verify_all or signed.opening != self._proven:
            self._verify(signing_input, digest, signed.signature)
            self._proven = signed.opening
        return signed.signature

    def public_jwk(self) -> dict[str, object]:
        """The public half."""
        return dict(self._public)

    def __repr__(self) -> str:
        return f"SdfSigner({self.reference}, {self.kid})"

    def _verify(self, signing_input: bytes, digest: bytes, signature: bytes) -> None:
        try:
            sm2.verify(self._public_key, signing_input, signature)
        except InvalidSignature:
            raise DeviceUntrusted(key=str(self.reference), reason=self._explained(digest, signature)) from None

    def _explained(self, digest: bytes, signature: bytes) -> str:
        try:
            there = self._device.public_key(self._index)
        except DeviceError as error:
            return str(error.params.get("reason", error.message))
        if there != self._public_key:
            return N_("another key stands at this index now than the one that was taken into use")
        if is_ecdsa(there, digest, signature):
            return N_("it answers with ECDSA on the SM2 curve, which is no SM2 signature")
        return N_("its signature does not verify")


def key_id(public_key: sm2.PublicKey) -> str:
    """By which a key is known: its thumbprint (RFC 7638) by SM3, as of a key in memory."""
    return thumbprint(SM2Key(public_key).public_jwk(), "sm3")


def is_ecdsa(key: sm2.PublicKey, digest: bytes, signature: bytes) -> bool:
    """Whether r‖s is an ECDSA signature by ``key`` over ``digest``: what devices give that know the curve and not the algorithm."""
    r, s = signature[:32], signature[32:]
    if not in_signature_range(int.from_bytes(r, "big"), int.from_bytes(s, "big")):
        return False
    arithmetic = engines.current().arithmetic
    e = (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    try:
        inverse = arithmetic.inverse(s)
        point = arithmetic.combine(arithmetic.product(e, inverse), arithmetic.product(r, inverse), key.point)
    except CryptoError:
        return False
    return int.from_bytes(point[:32], "big") % N == int.from_bytes(r, "big")


def adopted(device: Device, index: int, *, verify_all: bool = False) -> SdfSigner:
    """A signer for a key that is taken into use now: its public half is asked for, and it has signed something that verifies.

    Raises a ``DeviceError``.
    """
    signer = SdfSigner(device, index, device.public_key(index), verify_all=verify_all)
    signer.sign(b"yima takes this key into use")
    return signer
