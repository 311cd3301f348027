"""What time does to the keys of the service: a new pair and certificate before the old one ends."""

import logging
import threading
from collections.abc import Callable

from idp.certification.office import Office, office_of
from idp.deployment import SYSTEM, Deployment
from idp.errors import YimaError
from idp.signing import keys
from idp.signing.tables import SigningKey

log = logging.getLogger("yima.signing")

EVERY_SECONDS = 600.0


def renew_due(deployment: Deployment, office: Office) -> int:
    """Rotates the keys whose certificates end soon, each in a transaction of its own; returns how many.

    One that cannot be renewed — its school is closed, say — does not hold the others up.
    """
    with deployment.reading() as session:
        due = [key.id for key in keys.listed(session) if keys.needs_renewal(session, key, deployment.clock.now())]
    done = 0
    for number in due:
        try:
            done += _renew(deployment, office, number)
        except YimaError as error:
            log.warning("a signing key was not renewed: %s", error)
    return done


def start(deployment: Deployment) -> Callable[[], None]:
    """Looks every ten minutes in a thread of its own until the returned function is called."""
    stop, office = threading.Event(), office_of(deployment.settings, deployment.ring.authority_vault)

    def run() -> None:
        while not stop.wait(EVERY_SECONDS):
            try:
                renew_due(deployment, office)
            except Exception:
                log.exception("the upkeep of the signing keys failed")

    threading.Thread(target=run, name="signing", daemon=True).start()
    return stop.set


def _renew(deployment: Deployment, office: Office, number: int) -> int:
    with deployment.transaction(SYSTEM) as tx:
        key = tx.session.get(SigningKey, number, with_for_update=True)
        if key is None or not keys.needs_renewal(tx.session, key, tx.now):
            return 0
        keys.rotate(tx, office, key)
        return 1
