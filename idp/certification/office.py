"""What every act of an authority needs beside its transaction: the vault for the keys, the profiles, the public address."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Protocol

from idp.certification import profiles
from idp.certification.profiles import Profiles
from idp.certification.tables import CertificateAuthority, TimeStampAuthority
from idp.crypto import sm2
from idp.crypto.devices.reference import KeyReference
from idp.crypto.devices.signer import SdfSigner
from idp.crypto.jose.algorithms import SM2_ALGORITHM
from idp.crypto.jose.signer import Signer, SoftwareSigner, generate_signer
from idp.keys import Vault
from idp.settings import Settings

_OPENED = 256


class Keyed(Protocol):
    """An authority as far as its key goes."""

    @property
    def name(self) -> str: ...  # noqa: D102 - the columns of the same names

    @property
    def key_sealed(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Office:
    """``url`` is where certificates point to, without a slash at its end."""

    vault: Vault
    profiles: Profiles
    url: str
    _signers: "OrderedDict[tuple[str, str], Signer]" = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def signer(self, authority: Keyed) -> Signer:
        """The authority's key in use. It leaves the database sealed, and this process not at all."""
        return self._open(authority.key_sealed, key_context(authority.name))

    def responder(self, authority: CertificateAuthority) -> Signer | None:
        """The key of the authority's OCSP responder, where it has one."""
        return self._open(authority.responder_sealed, responder_context(authority.name)) if authority.responder_sealed else None

    def timestamper(self, authority: CertificateAuthority, row: TimeStampAuthority) -> Signer:
        """The key of the authority's time-stamp service."""
        return self._open(row.key_sealed, timestamp_context(authority.name))

    def new_key(self, reference: KeyReference | None = None) -> SoftwareSigner | SdfSigner:
        """A fresh key, or one that waits in a device and has just signed something. Raises a ``DeviceError``."""
        return generate_signer(SM2_ALGORITHM) if reference is None else self.vault.devices.adopted(reference, verify_all=True)

    def opened(self, sealed: str, context: str) -> Signer:
        """A key that another room keeps, sealed by :meth:`seal`."""
        return self._open(sealed, context)

    def seal(self, signer: SoftwareSigner | SdfSigner, context: str) -> str:
        """A key, sealed for one place."""
        return self.vault.seal_signer(signer, context=context)

    def _open(self, sealed: str, context: str) -> Signer:
        # Opening costs as much as signing. What is kept is found by the sealed text itself, so it can never be out of date.
        place = sealed, context
        with self._lock:
            found = self._signers.get(place)
            if found is None:
                found = self._signers[place] = self.vault.open_signer(sealed, context=context)
            self._signers.move_to_end(place)
            if len(self._signers) > _OPENED:
                self._signers.popitem(last=False)
            return found


def office_of(settings: Settings, vault: Vault) -> Office:
    """The office of an installation."""
    return Office(vault, profiles.load(settings.ca_profiles), settings.ca_url or settings.public_url)


def key_context(name: str) -> str:
    """What binds the sealed key to its authority."""
    return f"certificate_authority:{name}:key"


def responder_context(name: str) -> str:
    """What binds the sealed key of the responder to its authority."""
    return f"certificate_authority:{name}:responder"


def timestamp_context(name: str) -> str:
    """What binds the sealed key of the time-stamp service to its authority."""
    return f"certificate_authority:{name}:timestamp"


def key_digest(key: sm2.PublicKey) -> str:
    """By which a key is known: SM3 over the point, hexadecimal."""
    return key.digest.hex()
