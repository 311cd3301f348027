"""The ring: the keys as they are now, opened once and kept for seconds."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit.chain import AuditKeys, require
from idp.clock import Clock
from idp.crypto.envelope import Envelope
from idp.crypto.errors import CryptoError
from idp.crypto.jose import Signer
from idp.crypto.passwords import PasswordHasher
from idp.database import Database
from idp.keys.devices import Devices
from idp.keys.errors import MasterKeyWrong, NotInitialised
from idp.keys.master import HeldMaster
from idp.keys.sealing import open_private_jwk, open_secret
from idp.keys.signers import signer_of
from idp.keys.states import KEY_SETS, Purpose, State, is_published, state
from idp.keys.tables import Key
from idp.keys.vault import Vault

# How long a worker may go on with the keys it has read. A rotation announces a key much earlier than it is used
# (``jwks_max_age``), so that this delay is never seen.
REFRESH_SECONDS = 5.0
WARN_SECONDS = 60.0

log = logging.getLogger("yima.keys")


class Signers:
    """The token keys, opened; each is parsed and checked at its first use, because that takes an RSA key a tenth of a second."""

    def __init__(self, jwks: Mapping[str, Mapping[str, object]], ready: Mapping[str, Signer], devices: Devices) -> None:
        self._jwks = jwks
        self._devices = devices
        self.ready = {kid: signer for kid, signer in ready.items() if kid in jwks}

    def __contains__(self, kid: str) -> bool:
        """Whether it is here: one that is withdrawn, or was made a moment ago, is not."""
        return kid in self._jwks

    def __getitem__(self, kid: str) -> Signer:
        """The key with this id. Two threads may parse it at once; both get one that signs the same."""
        if kid not in self.ready:
            self.ready[kid] = signer_of(self._jwks[kid], self._devices)
        return self.ready[kid]


@dataclass(frozen=True)
class Snapshot:
    """The ring at one moment, everything in it opened."""

    rows: Sequence[Key]
    master: Envelope
    signers: Signers
    envelopes: Mapping[str, Envelope]
    index_key: bytes
    subject_key: bytes
    audit: AuditKeys
    passwords: PasswordHasher
    web_secrets: Sequence[bytes]  # the first signs, all verify
    read_at: float = field(default_factory=time.monotonic)


class KeyRing:
    """The keys of one installation. Safe to share between threads."""

    def __init__(
        self, database: Database, held: HeldMaster, clock: Clock, *, longest_token: timedelta, devices: Devices | None = None
    ) -> None:
        self._database = database
        self._held = held
        self._clock = clock
        self._longest_token = longest_token
        self._snapshot: Snapshot | None = None
        self._forgotten = False
        self._warned_at = -WARN_SECONDS
        self._lock = threading.Lock()
        self.devices = devices if devices is not None else Devices()
        self.vault = Vault(self.current, self.newest, devices=self.devices)
        self.authority_vault = Vault(self.current, self.newest, Purpose.AUTHORITY, devices=self.devices)

    def current(self) -> Snapshot:
        """The keys, at most :data:`REFRESH_SECONDS` old.

        Raises :class:`NotInitialised` or :class:`MasterKeyWrong`.
        """
        snapshot = self._snapshot
        if snapshot is not None and not self._forgotten and time.monotonic() - snapshot.read_at < REFRESH_SECONDS:
            return snapshot
        with self._lock:
            if self._forgotten or self._snapshot is None or self._snapshot is snapshot:
                self._forgotten = False
                self._snapshot = self._read(snapshot)
            return self._snapshot

    @property
    def master(self) -> Envelope:
        """The envelope that keys are sealed under; before there are any, of the master key that the settings name."""
        return self._snapshot.master if self._snapshot is not None else self._held.envelope()

    def master_in(self, session: Session) -> Envelope:
        """The envelope that keys are sealed under in the database, as ``session`` sees it now. Raises :class:`MasterKeyWrong`."""
        return self._held.envelope(session.scalar(select(Key.sealed).limit(1)))

    @property
    def vaults(self) -> Mapping[str, Vault]:
        """Each vault by the purpose of its sealing key."""
        return {Purpose.SEAL: self.vault, Purpose.AUTHORITY: self.authority_vault}

    def newest(self) -> Snapshot:
        """The keys as they are in the database now. Raises as :meth:`current` does."""
        self.forget()
        return self.current()

    def forget(self) -> None:
        """Makes the next use read the keys anew; for whoever has just changed them."""
        self._forgotten = True

    def signer(self, algorithm: str, now: datetime) -> Signer:
        """The key that signs by ``algorithm`` (a JOSE ``alg``, or ``SAML_ALGORITHM``) at the moment ``now``."""
        snapshot = self.current()
        rows = [row for row in snapshot.rows if row.algorithm == algorithm and row.purpose == Purpose.TOKEN]
        active = [row for row in rows if state(row, now) is State.ACTIVE]
        if not active:
            raise NotInitialised
        return snapshot.signers[max(active, key=lambda row: row.activated_at or row.created_at).kid]

    def published(self, key_set: str, now: datetime) -> list[dict[str, object]]:
        """The public JWKs of a key set (``sm``, ``intl``, or ``saml``, which has certificates), newest first."""
        rows = [
            row for row in self.current().rows if row.algorithm in KEY_SETS[key_set] and is_published(row, now, self._longest_token)
        ]
        return [dict(row.public_jwk or {}) for row in sorted(rows, key=lambda row: row.created_at, reverse=True)]

    def _read(self, before: Snapshot | None) -> Snapshot:
        with self._database.read() as session:
            rows = session.scalars(select(Key).order_by(Key.created_at)).all()
        if not rows:
            raise NotInitialised
        self._tell(rows, before)
        try:
            master = self._held.envelope(rows[0].sealed)
        except MasterKeyWrong as error:
            if before is None:
                raise
            return self._keep(before, error)
        try:
            return self._open(rows, before, master)
        except CryptoError as error:
            raise MasterKeyWrong(detail=str(error)) from None

    def _tell(self, rows: Sequence[Key], before: Snapshot | None) -> None:
        good = {row.kid for row in before.rows if row.withdrawn_at is None} if before is not None else ()
        for row in rows:
            if row.withdrawn_at is not None and row.kid in good:
                log.warning("the key %s was withdrawn: what it signed does not verify any more", row.kid)

    def _keep(self, before: Snapshot, error: MasterKeyWrong) -> Snapshot:
        """Goes on with what was read: the keys are the same, only the one that seals them is another. Says so, again and again."""
        if time.monotonic() - self._warned_at >= WARN_SECONDS:
            self._warned_at = time.monotonic()
            log.error("the master key was changed, and the new one is not here (%s): bring it, or restart with it", error.detail)
        return replace(before, read_at=time.monotonic())

    def _open(self, rows: Sequence[Key], before: Snapshot | None, master: Envelope) -> Snapshot:
        jwks: dict[str, Mapping[str, object]] = {}
        secrets: dict[str, dict[str, bytes]] = {purpose: {} for purpose in Purpose}
        for row in rows:
            if row.purpose != Purpose.TOKEN:
                secrets[row.purpose][row.kid] = open_secret(master, row)
            elif row.withdrawn_at is None:
                jwks[row.kid] = open_private_jwk(master, row)
        newest = {row.purpose: row.kid for row in rows}  # ordered by creation: the last one wins
        return Snapshot(
            rows=rows,
            master=master,
            signers=Signers(jwks, before.signers.ready if before else {}, self.devices),
            envelopes=_envelopes(secrets, newest),
            index_key=secrets[Purpose.INDEX][newest[Purpose.INDEX]],
            subject_key=secrets[Purpose.SUBJECT][newest[Purpose.SUBJECT]],
            audit=require(secrets[Purpose.AUDIT], newest[Purpose.AUDIT]),
            passwords=PasswordHasher(secrets[Purpose.PASSWORD], newest[Purpose.PASSWORD]),
            web_secrets=[secrets[Purpose.WEB][row.kid] for row in _web_keys(rows, self._clock.now())],
        )


def _envelopes(secrets: Mapping[str, Mapping[str, bytes]], newest: Mapping[str, str]) -> dict[str, Envelope]:
    # What authorities sealed before there was a key for it opens until it is re-sealed, and until that key is made seals.
    people, authorities = secrets[Purpose.SEAL], secrets[Purpose.AUTHORITY]
    return {
        Purpose.SEAL: Envelope(people, newest[Purpose.SEAL]),
        Purpose.AUTHORITY: Envelope({**people, **authorities}, newest.get(Purpose.AUTHORITY, newest[Purpose.SEAL])),
    }


def _web_keys(rows: Sequence[Key], now: datetime) -> list[Key]:
    """The keys of cookies, first the one that signs: the newest that every server has had time to read. A withdrawn one is gone."""
    good = [row for row in reversed(rows) if row.purpose == Purpose.WEB and row.withdrawn_at is None]
    return sorted(good, key=lambda row: state(row, now) is State.NEXT)
