"""Re-sealing that is killed wherever it stands, as often as is asked for."""

import secrets
from contextlib import closing
from multiprocessing.connection import Connection

from idp.deployment import open_deployment
from idp.keys import resealing
from idp.sealed import PLACES
from idp.settings import Settings
from tests.killing import run_and_kill

BATCH = 3


def reseal_and_kill(settings: Settings, names: tuple[str, ...] = ()) -> int:
    """Begins to re-seal and kills it (SIGKILL) after some batches; returns how many values it said to have committed.

    ``names`` are the places it does, where not all.
    """
    return sum(run_and_kill(_reseal, settings, names, messages=1 + secrets.randbelow(4)))


def _reseal(settings: Settings, names: tuple[str, ...], told: Connection) -> None:
    places = [place for place in PLACES if not names or place.name in names]
    with closing(open_deployment(settings)) as deployment:
        resealing.reseal(deployment.database, deployment.ring.vaults, places, told.send, batch=BATCH)
