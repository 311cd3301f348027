"""One signature: what waits, the answer, the end, and no."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.crypto import sm3
from idp.crypto.errors import InvalidProof
from idp.login import sign_ins
from idp.login.sign_ins import Outcome, Visit
from idp.mfa import challenges, credentials, engine, limits
from idp.mfa.challenges import ChallengeState
from idp.mfa.errors import ChallengeLost, FactorError, WrongCode
from idp.mfa.factor import Occasion, Purpose, Site, State
from idp.mfa.factors.cosign import CoSigning, evidence, message, refreshing
from idp.mfa.factors.cosign.factor import FREEZE, frozen_key, number_of
from idp.mfa.tables import Challenge, Credential
from idp.phone import reading
from idp.phone.devices import is_held, sender
from idp.phone.errors import Gone, Malformed, PhoneLocked, Stale, TooOften, UnknownPhone, WrongNumber, WrongPin
from idp.phone.reading import Shape, Signed
from idp.registry.tables import Person

WAITING: Shape = {"kid": "id"}
ANSWER: Shape = {
    "profile": "profile",
    "kid": "id",
    "tx": "id",
    "number": "number",
    "digest": "digest",
    "point": "point",
    "proof": "pair",
    "sequence": "sequence",
}
FINISH: Shape = {"kid": "id", "tx": "id", "r": "scalar", "s": "scalar"}
DECLINE: Shape = {"kid": "id", "tx": "id", "reason": "reason", "sequence": "sequence"}
ACT: Shape = {"kid": "id", "sequence": "sequence"}
REFRESH: Shape = {"kid": "id", "generation": "generation", "proof": "proof"}

NUMBER_TRIES = 2
"""Our policy: of ninety numbers a person who is talked into confirming blindly guesses two."""

PIN_CHANGES_A_DAY = 10

Elsewhere = Callable[[Session, int, datetime], str]
"""The address of the page where something waits for a person (by row id) that no signature answers; empty for nothing."""


def waiting(tx: Transaction, site: Site, address: str, sent: Signed, *, elsewhere: Elsewhere) -> dict[str, object]:
    """What waits for this phone, each with its whole message, and which generation of the shares is in use.

    Also the page on the main origin where something else waits for this person, or an empty text.
    """
    credential, key = sender(tx, address, sent, acting=False)
    if not is_held(credential):
        raise UnknownPhone
    if credential.state == State.LOCKED:
        raise PhoneLocked
    asked = select(Challenge).where(
        Challenge.credential_id == credential.id,
        Challenge.state == ChallengeState.PENDING,
        Challenge.expires_at > tx.now,
        Challenge.message != "",
        Challenge.binding_hash != _own_occasion(sent.members["kid"]).binding_hash,
    )
    rows = tx.session.scalars(asked.order_by(Challenge.created_at.desc())).all()
    transactions = [{"tx": row.id, "message": row.message, "numbered": number_of(site, row) != ""} for row in rows]
    page = elsewhere(tx.session, credential.person_id, tx.now)
    return {"generation": key.generation, "transactions": transactions, "elsewhere": page}


def answer(tx: Transaction, site: Site, address: str, sent: Signed) -> dict[str, object]:
    """The server's half, once, to a phone that shows the right text, carries the right number and knows the PIN."""
    members = sent.members
    credential, _ = sender(tx, address, sent, acting=True)
    challenge = _transaction(tx, credential, members["tx"], ChallengeState.PENDING)
    if members["digest"] != sm3.digest(challenge.message.encode()).hex():
        raise Stale
    check_not_locked(tx, credential)
    if members["number"] != number_of(site, challenge):
        _count_wrong_number(tx, challenge)
        _record(tx, site, challenge)
        raise WrongNumber
    proof = reading.pair(members["proof"])
    reading.point(members["point"])
    given = {
        "point": members["point"],
        "challenge": proof.challenge.hex(),
        "first": proof.first.hex(),
        "second": proof.second.hex(),
    }
    try:
        return engine.respond(tx, site, challenge, given)
    except WrongCode:
        _record(tx, site, challenge)
        tx.session.refresh(credential)
        left = CoSigning.locks_after - credential.fails
        raise (WrongPin(left) if left > 0 else PhoneLocked()) from None


def finish(tx: Transaction, site: Site, address: str, sent: Signed) -> dict[str, object]:
    """Takes the signature. The same one again is taken for what it is, a repetition over a bad network."""
    members = sent.members
    credential, key = sender(tx, address, sent, acting=True)
    kept = evidence.of_challenge(tx.session, members["tx"])
    if kept is not None and kept.kid == members["kid"] and kept.signature == members["r"] + members["s"]:
        return {}
    challenge = _transaction(tx, credential, members["tx"], ChallengeState.ANSWERED)
    try:
        engine.answer_apart(tx, site, challenge, {"r": members["r"], "s": members["s"]})
    except ChallengeLost:
        raise
    except FactorError:
        raise Malformed from None
    if challenge.purpose == Purpose.ENROL:
        _retire_earlier_phones(tx, credential)
    elif challenge.purpose in (Purpose.SIGN_IN, Purpose.STEP_UP) and refreshing.due(tx, key):
        begun = refreshing.begin(tx, site.vault, key)
        return {"refresh": {"generation": begun.generation, "factor": begun.factor.hex()}}
    return {}


def decline(tx: Transaction, site: Site, address: str, sent: Signed) -> dict[str, object]:
    """The person said no. "Not me" means that somebody has the password: nobody is asked for an hour, and the journal says why."""
    credential, _ = sender(tx, address, sent, acting=True)
    challenge = tx.session.get(Challenge, sent.members["tx"])
    if challenge is None or challenge.credential_id != credential.id:
        raise Gone
    reason = sent.members["reason"]
    engine.decline(tx, challenge, reason)
    if reason == "not_me":
        limits.count(tx, frozen_key(credential.person_id), FREEZE)
        number = tx.session.get_one(Person, credential.person_id).number
        tx.record(Action.PASSWORD_SUSPECTED, subject=f"person:{number}", outcome="failure", detail={"factor": credential.id})
    return {}


def change_pin(tx: Transaction, site: Site, address: str, sent: Signed) -> dict[str, object]:
    """A message to sign before the PIN is changed on the phone: only a signature shows that the old one was right."""
    credential, key = sender(tx, address, sent, acting=True)
    if not is_held(credential):
        raise UnknownPhone
    check_not_locked(tx, credential)
    if limits.count(tx, f"cosign:pin:{credential.id}", timedelta(days=1)) > PIN_CHANGES_A_DAY:
        raise TooOften
    challenge = challenges.create(
        tx,
        CoSigning.kind,
        _own_occasion(sent.members["kid"]),
        CoSigning.challenge_lifetime,
        person_id=credential.person_id,
        credential_id=credential.id,
    )
    challenge.message = message.compose(tx, site, challenge, sent.members["kid"], "pin_change")
    tx.session.flush()
    return {"tx": challenge.id, "message": challenge.message, "generation": key.generation}


def take_refresh(tx: Transaction, site: Site, address: str, sent: Signed) -> dict[str, object]:
    """The phone has its next share and proves it; from now on both old ones are worthless."""
    credential, key = sender(tx, address, sent, acting=True)
    check_not_locked(tx, credential)
    members = sent.members
    try:
        taken = refreshing.take(tx, site.vault, key, members["kid"], members["generation"], reading.proof(members["proof"]))
    except InvalidProof:
        raise Malformed from None
    if not taken:
        raise Gone
    return {"generation": key.generation}


def revoke(tx: Transaction, site: Site, address: str, sent: Signed) -> dict[str, object]:
    """The phone forgets its half. The factor stays, locked, until its owner takes it away at ``/me``: whoever found the phone
    must not be able to take the second step off the account.
    """
    credential, _ = sender(tx, address, sent, acting=True)
    if not is_held(credential):
        raise UnknownPhone
    credentials.lock(tx, credential, "stopped_on_phone")
    return {}


def check_not_locked(tx: Transaction, credential: Credential) -> None:
    """Raises :class:`PhoneLocked` before any PIN is looked at: a right and a wrong one get the same answer."""
    tried = limits.counted(tx.session, limits.account_key(credential.person_id), tx.now)
    if credential.state == State.LOCKED or tried >= engine.ACCOUNT_TRIES:
        raise PhoneLocked


def _transaction(tx: Transaction, credential: Credential, challenge_id: str, state: ChallengeState) -> Challenge:
    challenge = tx.session.get(Challenge, challenge_id, populate_existing=True)
    if (
        challenge is None
        or challenge.credential_id != credential.id
        or challenge.state != state
        or challenge.expires_at <= tx.now
        or not challenge.message
    ):
        raise Gone
    return challenge


def _count_wrong_number(tx: Transaction, challenge: Challenge) -> None:
    tries = limits.count(tx, f"cosign:number:{challenge.id}", CoSigning.challenge_lifetime)
    subject = f"person:{tx.session.get_one(Person, challenge.person_id).number}"
    tx.record(Action.FACTOR_REFUSED, subject=subject, outcome="failure", detail={"kind": CoSigning.kind, "number": tries})
    if tries >= NUMBER_TRIES:
        challenges.advance(tx, challenge, ChallengeState.PENDING, ChallengeState.FAILED)


def _record(tx: Transaction, site: Site, challenge: Challenge) -> None:
    """A wrong answer belongs to the sign-in that asked: the person reads of it, and rules about risk count it."""
    if challenge.person_id is not None and challenge.purpose in (Purpose.SIGN_IN, Purpose.STEP_UP):
        visit = Visit("", "", challenge.client_id or None)
        sign_ins.record(tx, site.settings, challenge.person_id, Outcome.WRONG_FACTOR, visit)


def _retire_earlier_phones(tx: Transaction, credential: Credential) -> None:
    """Our policy: a new phone takes the old one's place; a key nobody carries any more is one too many."""
    number = tx.session.get_one(Person, credential.person_id).number
    for row in credentials.held_by(tx.session, credential.person_id):
        if row.kind == CoSigning.kind and row.id != credential.id:
            credentials.revoke(tx, row, number)


def _own_occasion(kid: str) -> Occasion:
    """What the phone asks of itself, with no page before it."""
    return Occasion(f"phone:{kid}", Purpose.CONFIRM, level=CoSigning.level)
