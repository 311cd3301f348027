"""SM3 by gmssl, with the interface of hashlib, for a machine whose OpenSSL was built without SM3."""

from gmssl.sm3 import sm3_hash


class GmsslSM3:
    """A digest under way. gmssl hashes whole messages only, so the parts are kept until they are asked for."""

    name = "sm3"
    digest_size = 32
    block_size = 64

    def __init__(self, data: bytes = b"") -> None:
        self._data = bytearray(data)

    def update(self, data: bytes) -> None:
        """Adds to the message."""
        self._data += data

    def copy(self) -> "GmsslSM3":
        """A digest that goes on from here by itself."""
        return GmsslSM3(bytes(self._data))

    def digest(self) -> bytes:
        """The digest, 32 bytes."""
        return bytes.fromhex(sm3_hash(list(self._data)))

    def hexdigest(self) -> str:
        """The digest, 64 hexadecimal digits."""
        return self.digest().hex()
