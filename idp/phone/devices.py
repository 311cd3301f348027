"""Whose message it is: the device's signature comes before anything that counts, costs or tells."""

from idp.audit import Transaction
from idp.crypto.cosign.device import check_device_signature
from idp.crypto.errors import CryptoError
from idp.mfa.factor import HELD
from idp.mfa.factors.cosign import keys
from idp.mfa.factors.cosign.tables import CosignKey
from idp.mfa.tables import Credential
from idp.phone.errors import Gone, UnknownPhone
from idp.phone.reading import Signed


def check_device(device_point: str, address: str, message: Signed) -> None:
    """Raises :class:`UnknownPhone` unless this device signed this message for this address."""
    try:
        check_device_signature(device_point, address, message.text, message.signature)
    except CryptoError:
        raise UnknownPhone from None


def sender(tx: Transaction, address: str, message: Signed, *, acting: bool) -> tuple[Credential, CosignKey]:
    """The key that the message is from.

    ``acting`` is for messages that change something: they wait for one another, and each is taken once. Raises
    :class:`UnknownPhone`, or :class:`Gone` for a copy of one that was taken.
    """
    found = keys.find(tx.session, message.members["kid"], locking=acting)
    if found is None:
        raise UnknownPhone
    credential, key = found
    check_device(key.device_point, address, message)
    if "sequence" in message.members and not keys.take_sequence(tx, key, message.members["sequence"]):
        raise Gone
    return credential, key


def is_held(credential: Credential) -> bool:
    """Whether the phone has been set up to the end."""
    return credential.state in HELD
