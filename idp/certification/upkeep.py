"""What time does to an authority: the registry is followed, lists fall due, responders are renewed, token keys are certified,
people are reminded, old answers go.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count

from sqlalchemy import delete, select

from idp.certification import renewals
from idp.certification.errors import PublicationOvertaken
from idp.certification.office import Office, office_of
from idp.certification.status import following, lists, responder_keys
from idp.certification.tables import CertificateAuthority, SignedAnswer
from idp.certification.timestamping import keys as timestamp_keys
from idp.certification.tokens import upkeep as token_upkeep
from idp.crypto.devices.errors import DeviceError
from idp.deployment import SYSTEM, Deployment

log = logging.getLogger("yima.certification")

EVERY_SECONDS = 5.0
# Following looks at every certificate that has not expired, which is worth doing less often.
FOLLOW_EVERY = 6
REMIND_EVERY = 720


def run_due(deployment: Deployment, office: Office) -> int:
    """Publishes the lists and renews the responders that are due now, each in a transaction of its own; returns how many."""
    with deployment.reading() as session:
        active = session.scalars(select(CertificateAuthority).where(CertificateAuthority.chain != "")).all()
        due = [row.id for row in lists.due(session, deployment.clock.now())]
    done = 0
    for row in active:
        if responder_keys.needs_renewal(row, deployment.clock.now()):
            done += _unless_away(partial(_renew, deployment, office, row.id))
        done += _unless_away(partial(_renew_timestamps, deployment, office, row.id))
    for number in due:
        done += _unless_away(partial(_publish, deployment, office, number))
    return done


def follow_registry(deployment: Deployment) -> int:
    """Brings certificates in line with the registry, and drops answers that are too old; returns how many certificates changed."""
    with deployment.reading() as session:
        if session.scalar(select(CertificateAuthority.id).limit(1)) is None:
            return 0
    changed = 0
    while True:
        with deployment.transaction(SYSTEM) as tx:
            batch = following.follow(tx)
            tx.session.execute(delete(SignedAnswer).where(SignedAnswer.fresh_until <= tx.now))
        changed += batch
        if not batch:
            return changed


def remind(deployment: Deployment) -> int:
    """Tells people of certificates that end soon; returns of how many."""
    told = 0
    while True:
        with deployment.transaction(SYSTEM) as tx:
            batch = renewals.remind(tx)
        told += batch
        if not batch:
            return told


def start(deployment: Deployment) -> Callable[[], None]:
    """Looks every few seconds in a thread of its own until the returned function is called."""
    stop, office = threading.Event(), office_of(deployment.settings, deployment.ring.authority_vault)

    def run() -> None:
        for beat in count():
            if stop.wait(EVERY_SECONDS):
                return
            try:
                if beat % FOLLOW_EVERY == 0:
                    follow_registry(deployment)
                run_due(deployment, office)
                if beat % FOLLOW_EVERY == 0:
                    _unless_away(partial(token_upkeep.keep, deployment, office))
                if beat % REMIND_EVERY == 0:
                    remind(deployment)
            except Exception:
                log.exception("the upkeep of the authorities failed")

    threading.Thread(target=run, name="certification", daemon=True).start()
    return stop.set


def _unless_away(work: Callable[[], int]) -> int:
    # An authority whose key is in a device that does not answer holds up none of the others.
    try:
        return work()
    except DeviceError as error:
        log.warning("an authority waits for its key: %s", error)
        return 0


def _renew(deployment: Deployment, office: Office, number: int) -> int:
    with deployment.transaction(SYSTEM) as tx:
        row = tx.session.get(CertificateAuthority, number, with_for_update=True)
        if row is None or not responder_keys.needs_renewal(row, tx.now):
            return 0
        responder_keys.renew(tx, office, row)
        return 1


def _renew_timestamps(deployment: Deployment, office: Office, number: int) -> int:
    with deployment.reading() as session:
        if not timestamp_keys.needs_renewal(session, number, deployment.clock.now()):
            return 0
    with deployment.transaction(SYSTEM) as tx:
        row = tx.session.get(CertificateAuthority, number, with_for_update=True)
        if row is None or not timestamp_keys.needs_renewal(tx.session, number, tx.now):
            return 0
        timestamp_keys.renew(tx, office, row)
        return 1


def _publish(deployment: Deployment, office: Office, number: int) -> int:
    with suppress(PublicationOvertaken), deployment.transaction(SYSTEM) as tx:
        row = tx.session.get_one(CertificateAuthority, number)
        if row.crl_due_at <= tx.now:
            lists.publish(tx, office, row)
            return 1
    return 0
