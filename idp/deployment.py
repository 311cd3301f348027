"""One installation, opened: settings, database, keys and clock together.

The web application and the command line both stand on this; neither has another way to the database.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from idp.audit import Actor, Transaction
from idp.audit.chain import AuditKeys, ChainWriter
from idp.clock import Clock, SystemClock
from idp.crypto import engines, selftest
from idp.crypto.envelope import Envelope
from idp.database import Database
from idp.database.migration import migrate, wait_for_other_starts
from idp.keys import KeyRing, devices, master, rotation
from idp.keys.exposure import check_outside_repositories
from idp.keys.master import HeldMaster
from idp.keys.sealing import open_secret
from idp.keys.states import Purpose
from idp.keys.tables import Key
from idp.settings import Settings

SYSTEM = Actor(kind="system", id="yima")


@dataclass(frozen=True)
class Deployment:
    """What every command and every request works on."""

    settings: Settings
    database: Database
    ring: KeyRing
    clock: Clock

    @property
    def master(self) -> Envelope:
        """The envelope that new keys are sealed under."""
        return self.ring.master

    @contextmanager
    def transaction(self, actor: Actor) -> Iterator[Transaction]:
        """A unit of work in the name of ``actor``: kept whole when the block ends, undone whole when it raises."""
        audit = self.ring.current().audit
        with self.database.begin() as session:
            chain = ChainWriter(session, audit)
            yield Transaction(session, self.clock.now(), actor, chain)
            chain.finish()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for looking only."""
        with self.database.read() as session:
            yield session

    def close(self) -> None:
        """Gives back the connections, to devices too."""
        self.ring.devices.close()
        self.database.close()


def open_deployment(settings: Settings, clock: Clock | None = None) -> Deployment:
    """Opens the installation that ``settings`` describe, after the self-test of the cryptography.

    Raises :class:`idp.crypto.errors.SelfTestFailed`, :class:`idp.keys.errors.MasterKeyMissing` for an installation that was never
    initialised, or :class:`idp.keys.errors.KeysInRepository`.
    """
    check_outside_repositories(settings)
    selftest.run_once(engines.select(settings.sm_engine, settings.libcrypto_path))
    database = Database(settings.database, pool_size=settings.database_pool_size)
    held, reached = HeldMaster(settings), devices.configured(settings)
    clock = clock or SystemClock()
    ring = KeyRing(database, held, clock, longest_token=settings.longest_token, devices=reached)
    return Deployment(settings, database, ring, clock)


def initialise(settings: Settings, clock: Clock | None = None, *, spare_keys: bool = True) -> Deployment:
    """Makes what is missing — data folder, master key, schema, keys — and opens the installation. Repeating it is harmless, and so
    is doing it twice at once.

    Without ``spare_keys`` the keys that will take over at the next rotation are left to housekeeping: nobody waits for them.
    """
    check_outside_repositories(settings)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    master.create(settings)
    deployment = open_deployment(settings, clock)
    now = deployment.clock.now()
    # RSA keys are made while the tables are, on another core: each takes about as long.
    with ThreadPoolExecutor(1) as pool:
        is_new = not inspect(deployment.database.engine).has_table(Key.__tablename__)
        algorithms = rotation.lacking((), now, spares=spare_keys) if is_new else []
        prepared = pool.submit(rotation.prepare, deployment.master, algorithms, now)
        migrate(deployment.database)
    with deployment.database.begin() as session:
        wait_for_other_starts(session.connection())
        in_use = deployment.ring.master_in(session)
        made = rotation.missing_secrets(session, in_use, now)
        session.add_all(made)
        session.flush()
        newest_audit = select(Key).where(Key.purpose == Purpose.AUDIT.value).order_by(Key.created_at.desc()).limit(1)
        audit_key = session.scalars(newest_audit).one()
        keys = AuditKeys({audit_key.kid: open_secret(in_use, audit_key)}, audit_key.kid)
        chain = ChainWriter(session, keys)
        tx = Transaction(session, now, SYSTEM, chain)
        rotation.complete(tx, in_use, prepared.result(), spares=spare_keys)
        chain.finish()
    deployment.ring.forget()
    return deployment
