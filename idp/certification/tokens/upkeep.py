"""Keeping the token keys certified as certificates end: what is due, and doing it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.certification.authorities import chain_of
from idp.certification.office import Office
from idp.certification.tables import CertificateAuthority
from idp.certification.tokens import keys as token_keys
from idp.certification.tokens.keys import LEAVES_BEFORE, REPLACED_BEFORE, Standing
from idp.crypto.x509.reasons import Reason
from idp.deployment import SYSTEM, Deployment
from idp.keys import chains, rotation
from idp.keys.adoption import in_devices
from idp.keys.states import State, state


class Step(StrEnum):
    """What a key needs. ``withdraw``: it is in wrong hands; ``replace``: nobody has used it yet; ``leave``: the next takes over."""

    CERTIFY = "certify"
    SHOW = "show"
    WITHDRAW = "withdraw"
    REPLACE = "replace"
    LEAVE = "leave"


def keep(deployment: Deployment, office: Office) -> int:
    """Does what is due, and returns how many steps that were. Where nothing is, it has only looked."""
    done = 0
    while True:
        with deployment.reading() as session:
            if not due(session, _published(deployment, session), deployment.clock.now()):
                return done
        deployment.ring.forget()  # a key that was made a moment ago can sign its request
        with deployment.transaction(SYSTEM) as tx:
            tx.serialise()
            steps = due(tx.session, _published(deployment, tx.session), tx.now)
            taken = sum(_take(tx, deployment, office, step, found) for step, found in steps)
        deployment.ring.forget()
        done += taken
        if not taken:
            return done


def due(session: Session, published: Sequence[Standing], now: datetime) -> list[tuple[Step, Standing]]:
    """The steps, of which one key has one at most. Keys change places one by one."""
    authority = token_keys.authority_of(session)
    able = authority is not None and token_keys.is_good(session, chain_of(authority), now)
    steps = []
    for one in published:
        if one.revoked == Reason.KEY_COMPROMISE:
            steps.append((Step.WITHDRAW, one))
        elif one.certificate is None and able:
            steps.append((Step.CERTIFY, one))
        elif token_keys.shown(session, one, now, certified_here=authority is not None) != chains.chain_of(one.key):
            steps.append((Step.SHOW, one))
    if steps or authority is None or not able:
        return steps
    return _changing_places(session, published, authority, now)


def _changing_places(
    session: Session, published: Sequence[Standing], authority: CertificateAuthority, now: datetime
) -> list[tuple[Step, Standing]]:
    # A device has the keys that it has: those are not thrown away for a fresh one, which would be in software.
    kept = in_devices(session, [one.key for one in published])
    waiting = [one for one in published if one.key.activated_at is None]
    stale = [one for one in waiting if one.key.kid not in kept and not token_keys.lasts(one, authority, now, REPLACED_BEFORE)]
    if stale:
        return [(Step.REPLACE, stale[0])]
    leaving = [
        one
        for one in published
        # One that has been told when to retire is on its way out already.
        if state(one.key, now) is State.ACTIVE and one.key.retired_at is None and not _lasts(one, authority, now)
    ]
    return [(Step.LEAVE, leaving[0])] if leaving and any(one.good for one in waiting) else []


def _lasts(found: Standing, authority: CertificateAuthority, now: datetime) -> bool:
    return token_keys.lasts(found, authority, now, LEAVES_BEFORE)


def _take(tx: Transaction, deployment: Deployment, office: Office, step: Step, found: Standing) -> bool:
    key = found.key
    match step:
        case Step.CERTIFY:
            authority, signers = token_keys.authority_of(tx.session), deployment.ring.current().signers
            if authority is None or key.kid not in signers:
                return False
            token_keys.certify(tx, office, authority, signers[key.kid], deployment.settings.public_url)
        case Step.SHOW:
            here = token_keys.authority_of(tx.session) is not None
            chains.show(tx, key, token_keys.shown(tx.session, found, tx.now, certified_here=here))
        case Step.WITHDRAW | Step.REPLACE:
            rotation.retire(tx, deployment.master, key.kid)
        case Step.LEAVE:
            ahead = timedelta(seconds=deployment.settings.jwks_max_age)
            rotation.rotate(tx, deployment.master, key.algorithm, publish_ahead=ahead)
    return True


def _published(deployment: Deployment, session: Session) -> list[Standing]:
    now = deployment.clock.now()
    keys = chains.certifiable(session, now, deployment.settings.longest_token)
    return [token_keys.standing(session, key, now) for key in keys]
