"""Re-sealing that is killed wherever it stands, as often as is asked for. The proof of many kills calls it too."""

import multiprocessing
import secrets
from contextlib import closing, suppress
from multiprocessing.connection import Connection

from sqlalchemy.orm import configure_mappers

from idp.deployment import open_deployment
from idp.keys import resealing
from idp.sealed import PLACES
from idp.settings import Settings

BATCH = 3
configure_mappers()  # once, before the forks
# Each try is a process of its own, forked from one that has loaded everything and holds nothing open.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


def reseal_and_kill(settings: Settings, names: tuple[str, ...] = ()) -> int:
    """Begins to re-seal and kills it (SIGKILL) after some batches; returns how many values it said to have committed.

    ``names`` are the places it does, where not all.
    """
    ours, theirs = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_reseal, args=(settings, names, theirs))
    process.start()
    theirs.close()
    done = 0
    with suppress(EOFError):  # it has come to its end before
        for _ in range(1 + secrets.randbelow(4)):
            done += ours.recv()
    process.kill()
    with suppress(EOFError):
        while True:
            done += ours.recv()
    process.join()
    return done


def _reseal(settings: Settings, names: tuple[str, ...], told: Connection) -> None:
    places = [place for place in PLACES if not names or place.name in names]
    with closing(open_deployment(settings)) as deployment:
        resealing.reseal(deployment.database, deployment.ring.vaults, places, told.send, batch=BATCH)
