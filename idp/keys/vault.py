"""Sealing secrets at rest, and finding sealed values again."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Protocol

from idp.crypto import sm3
from idp.crypto.devices.signer import SdfSigner
from idp.crypto.envelope import Envelope
from idp.crypto.errors import UnknownKey
from idp.crypto.jose import Signer, SoftwareSigner
from idp.keys.devices import Devices
from idp.keys.signers import sealed_form, signer_of


class SecretKeys(Protocol):
    """What the vault needs of the ring, as it is now."""

    @property
    def envelopes(self) -> Mapping[str, Envelope]: ...  # noqa: D102 - what it is stands on Snapshot

    @property
    def index_key(self) -> bytes: ...  # noqa: D102

    @property
    def subject_key(self) -> bytes: ...  # noqa: D102


class Vault:
    """Seals values under the ring's current key and opens them under whichever key sealed them."""

    def __init__(
        self,
        keys: Callable[[], SecretKeys],
        newest: Callable[[], SecretKeys],
        purpose: str = "seal",
        *,
        devices: Devices,
    ) -> None:
        """``keys`` are the ring's keys, some seconds old; ``newest`` reads them anew. ``purpose`` is that of the sealing key."""
        self._keys = keys
        self._newest = newest
        self._purpose = purpose
        self.devices = devices

    @property
    def sealing_key(self) -> str:
        """The id of the key that seals from now on."""
        return self._newest().envelopes[self._purpose].current

    def seal(self, plaintext: str, *, context: str) -> str:
        """``plaintext`` as an SM4-GCM envelope that opens only with the same ``context``.

        The context names the place the value is kept at, such as ``person_document:17:number``, so that a sealed value copied
        to another row does not open there.
        """
        return self._envelope().seal(plaintext.encode(), context=context.encode())

    def open(self, sealed: str, *, context: str) -> str:
        """The plaintext. Raises :class:`idp.crypto.errors.DecryptionFailed` or another ``CryptoError``."""
        try:
            opened = self._envelope().open(sealed, context=context.encode())
        except UnknownKey:  # another process may have sealed it under a key made a moment ago
            opened = self._newest().envelopes[self._purpose].open(sealed, context=context.encode())
        return opened.decode()

    def seal_signer(self, signer: SoftwareSigner | SdfSigner, *, context: str) -> str:
        """A signing key, sealed; of one in a device, where it is."""
        return self.seal(json.dumps(sealed_form(signer)), context=context)

    def open_signer(self, sealed: str, *, context: str) -> Signer:
        """The signing key. Every signature of one in a device is verified. Raises a ``CryptoError``."""
        return signer_of(json.loads(self.open(sealed, context=context)), self.devices, verify_all=True)

    def needs_reseal(self, sealed: str) -> bool:
        """Whether a newer key than the one that sealed it is in use."""
        return self._envelope().needs_reseal(sealed)

    def blind_index(self, kind: str, value: str) -> str:
        """HMAC-SM3 over ``kind`` and ``value``, 64 hexadecimal digits: equal values meet, and nothing else is learnt.

        The caller normalises ``value`` first.
        """
        return sm3.hmac(self._keys().index_key, f"{kind}\x00{value}".encode()).hex()

    def pairwise_subject(self, sector: str, person_number: str) -> str:
        """The ``sub`` that apps of ``sector`` know a person by, 43 base64url characters.

        OpenID Connect Core 1.0 §8.1: not reversible by anyone but the provider, and different for each sector.
        """
        digest = sm3.hmac(self._keys().subject_key, f"{sector}\x00{person_number}".encode())
        return urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _envelope(self) -> Envelope:
        return self._keys().envelopes[self._purpose]
