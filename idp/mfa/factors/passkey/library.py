"""The border to py_webauthn: bytes of strangers make it raise errors of many classes, and none of them crosses."""

from collections.abc import Iterator
from contextlib import contextmanager

from idp.mfa.factors.passkey.errors import PasskeyRefused


@contextmanager
def refusing(error: type[PasskeyRefused]) -> Iterator[None]:
    """Whatever the library raises in here is ``error``; its text, which quotes the bytes, goes no further."""
    try:
        yield
    except PasskeyRefused:
        raise
    except Exception as reason:  # noqa: BLE001 - the CBOR, the key and the signature code each raise what they like
        raise error(detail=type(reason).__name__) from None
