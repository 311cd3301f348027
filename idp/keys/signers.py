"""A private key as it is sealed, and as it is used: it lies in the envelope itself, or the envelope says in which device it is."""

from collections.abc import Mapping
from typing import Any

from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.signer import SdfSigner
from idp.crypto.jose import Signer, SoftwareSigner
from idp.crypto.jose.sm2_key import SM2Key
from idp.keys.devices import Devices

DEVICE = "device"  # the member of the JWK that stands in the place of the private one


def sealed_form(signer: SoftwareSigner | SdfSigner) -> dict[str, object]:
    """What is sealed of a key: both halves, or the public half and where the other is."""
    if isinstance(signer, SdfSigner):
        return signer.public_jwk() | {DEVICE: str(signer.reference)}
    return signer.private_jwk()


def signer_of(jwk: Mapping[str, Any], devices: Devices, *, verify_all: bool = False) -> Signer:
    """Reads what :func:`sealed_form` wrote. Asks no device anything. Raises ``NoSuchDevice``, or another ``CryptoError``.

    ``verify_all``: what a device signs is verified every time, not at its opening alone.
    """
    if DEVICE not in jwk:
        return SoftwareSigner.from_private_jwk(jwk)
    public = SM2Key.from_jwk(jwk).public_key
    return devices.signer(KeyReference.parse(str(jwk[DEVICE])), public, verify_all=verify_all)
