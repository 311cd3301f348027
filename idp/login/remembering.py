"""A remembered device within a sign-in: when it may stand for the second step, and what its theft ends."""

from collections.abc import Sequence

from idp.audit import Transaction
from idp.keys import Vault
from idp.login import flow as flows
from idp.login import sessions
from idp.login.flow import Flow
from idp.login.sessions import Ending
from idp.mfa import credentials, remembered
from idp.mfa.engine import Proof
from idp.mfa.errors import DeviceStolen, NotRemembered
from idp.mfa.factors import kind_of
from idp.mfa.remembered import Remembered
from idp.settings import Settings


def spare_second_step(
    tx: Transaction, vault: Vault, settings: Settings, flow: Flow, person_id: int, cookie: str, endings: Sequence[Ending]
) -> Remembered:
    """Notes in the flow that a remembered device stands beside the password, which has just been proven.

    Raises :class:`NotRemembered` where it does not, or may not for what the flow requires. A stolen one also ends the sessions
    that rest on a remembered device, the thief's among them.
    """
    level = settings.remembered_device_level
    wanted = flow.requirement
    if not cookie or wanted.force or not wanted.remembered or wanted.level > level:
        raise NotRemembered
    # Where a rule about risk demands more of this sign-in than usual, nothing is spared.
    if (flow.raised is not None and flow.raised.level > 1) or not credentials.held_by(tx.session, person_id):
        raise NotRemembered
    try:
        kept = remembered.redeem(tx, vault, settings, person_id, cookie)
    except DeviceStolen:
        sessions.end_all(tx, person_id, endings, by=remembered.METHOD)
        raise
    flows.prove_remembered(tx, flow, person_id, level)
    return kept


def remember_here(tx: Transaction, vault: Vault, settings: Settings, proof: Proof, device: str, cookie: str) -> Remembered:
    """Remembers the browser at which ``proof`` was just given; ``cookie`` is what it kept before. Raises :class:`NotRemembered`.

    Our policy: a code on paper is no sign of one's own device.
    """
    if kind_of(proof.kind).last_resort:
        raise NotRemembered
    remembered.forget_cookie(tx, proof.person_id, cookie)
    return remembered.remember(tx, vault, settings, proof.person_id, device)
