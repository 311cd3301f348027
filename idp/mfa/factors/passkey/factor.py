"""Passkeys as a kind of factor: beside a password, or alone, because the device has checked who holds it.

``handle`` of a row is the digest of the credential id. ``public`` holds the id, the key, the user handle and what the
authenticator said of itself; of a pending one the user handle and the passkeys that the person has already.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto import base64url
from idp.database.compare_and_set import compare_and_set
from idp.i18n import N_
from idp.mfa import challenges
from idp.mfa.errors import ChallengeLost, Compromised, NotOffered, WrongAnswer
from idp.mfa.factor import HELD, Answer, Factor, Judged, Purpose, Site
from idp.mfa.factors.passkey import owners
from idp.mfa.factors.passkey.answers import read_assertion, read_registration
from idp.mfa.factors.passkey.assertion import StoredPasskey, verify_assertion
from idp.mfa.factors.passkey.errors import AlreadyKnown, PasskeyRefused, SignCountRegressed
from idp.mfa.factors.passkey.options import CHALLENGE_BYTES, Known, Owner, assertion_options, registration_options
from idp.mfa.factors.passkey.registration import verify_registration
from idp.mfa.factors.passkey.relying_party import RelyingParty, relying_party
from idp.mfa.tables import Challenge, Credential
from idp.registry.tables import Person

FIELD = "passkey"
"""The field of the form that holds what the browser handed back, as JSON."""


class Passkey(Factor):
    """Passkeys."""

    kind = "passkey"
    title = N_("Passkey")
    summary = N_(
        "Your phone, computer or security key signs in for you, after your fingerprint, your face or its PIN. "
        "No false page can take it from you."
    )
    # RFC 8176: a key whose store nobody has attested is `swk`. `mfa`, because the device checks a second thing by itself.
    amr = ("swk", "user", "mfa")
    level = 3
    phishing_resistant = True
    challenged = True
    asks_at_once = True
    stands_alone = True
    guessable = False
    limit = 10
    tries = 1
    # As long as the sign-in that the challenge belongs to: a page that offers passkeys while somebody types may be open for long.
    challenge_lifetime = timedelta(minutes=30)

    def available(self, site: Site) -> bool:
        """Only where browsers make passkeys: not at an address without a name."""
        return relying_party(site.settings) is not None

    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        """Whose it will be, and which authenticators need not make another."""
        mine = select(Credential).where(Credential.kind == self.kind, Credential.person_id == person.id, Credential.state.in_(HELD))
        known = [{"id": row.public["id"], "transports": row.public["transports"]} for row in tx.session.scalars(mine).all()]
        credential.public = {"user_handle": owners.user_handle(tx, person.id), "known": known}

    def challenge(self, tx: Transaction, site: Site, challenge: Challenge, credential: Credential | None) -> None:
        """Fresh random bytes."""
        made = base64url.encode(secrets.token_bytes(CHALLENGE_BYTES))
        challenges.keep_private(site.vault, challenge, {"challenge": made})

    def shown(self, site: Site, person: Person, credential: Credential, challenge: Challenge | None) -> dict[str, Any]:
        """``options`` for ``credentials.create()``."""
        if challenge is None:
            return {}
        owner = Owner(base64url.decode(credential.public["user_handle"]), person.number, person.name)
        known = [_known(one) for one in credential.public["known"]]
        return {"options": registration_options(_party(site), owner, _challenge_bytes(site, challenge), known)}

    def asked(self, session: Session, site: Site, challenge: Challenge | None, credentials: Sequence[Credential]) -> dict[str, Any]:
        """``options`` for ``credentials.get()``; none where browsers have no passkeys for us."""
        party = relying_party(site.settings)
        if challenge is None or party is None:
            return {}
        known = [_known(row.public) for row in credentials]
        return {"options": assertion_options(party, _challenge_bytes(site, challenge), known)}

    def candidates(
        self, session: Session, person_id: int | None, challenge: Challenge | None, answer: Answer
    ) -> Sequence[Credential]:
        """The one that the answer names; of a person who is known and names none of theirs, all: it is wrong by each."""
        named = select(Credential).where(
            Credential.kind == self.kind, Credential.handle == _named(answer), Credential.state.in_(HELD)
        )
        if person_id is None:
            return session.scalars(named).all()
        mine = session.scalars(named.where(Credential.person_id == person_id)).all()
        return mine or super().candidates(session, person_id, challenge, answer)

    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """Takes a new passkey in, or accepts a signature of one that is there."""
        if challenge is None:
            raise ChallengeLost
        if challenge.purpose == Purpose.ENROL:
            _register(tx, site, credential, challenge, answer.get(FIELD, ""))
        else:
            _accept(tx, site, credential, challenge, answer.get(FIELD, ""))
        return Judged(self.amr, self.level, alone=True)


def _register(tx: Transaction, site: Site, credential: Credential, challenge: Challenge, text: str) -> None:
    expected = _challenge_bytes(site, challenge)
    made = verify_registration(read_registration(text), challenge=expected, relying_party=_party(site))
    credential.handle, credential.sign_count = _handle(made.credential_id), made.sign_count
    credential.public = {
        "user_handle": credential.public["user_handle"],
        "id": base64url.encode(made.credential_id),
        "key": base64url.encode(made.public_key),
        "transports": list(made.transports),
        "backup_eligible": made.backup_eligible,
        "backed_up": made.backed_up,
    }
    try:
        tx.session.flush()
    except IntegrityError:  # WebAuthn §7.1: an id that anybody has is refused
        raise AlreadyKnown from None


def _accept(tx: Transaction, site: Site, credential: Credential, challenge: Challenge, text: str) -> None:
    public = credential.public
    stored = StoredPasskey(
        base64url.decode(public["id"]),
        base64url.decode(public["key"]),
        credential.sign_count,
        public["backup_eligible"],
        base64url.decode(public["user_handle"]),
    )
    try:
        assertion = verify_assertion(
            read_assertion(text),
            challenge=_challenge_bytes(site, challenge),
            relying_party=_party(site),
            stored=stored,
            names_owner=challenge.person_id is None,
        )
    except SignCountRegressed:
        raise Compromised("sign_count") from None
    # Judged against the count that was read: of two answers to two challenges, one finds that the other has moved it.
    counting = (
        update(Credential)
        .where(Credential.id == credential.id, Credential.sign_count == stored.sign_count)
        .values(sign_count=assertion.sign_count, public={**public, "backed_up": assertion.backed_up})
    )
    if not compare_and_set(tx.session, counting):
        raise WrongAnswer
    tx.session.expire(credential)


def _named(answer: Answer) -> str:
    """The handle of the passkey that the answer names; that of none for an answer that names none."""
    try:
        return _handle(read_assertion(answer.get(FIELD, "")).credential_id)
    except PasskeyRefused:
        return ""


def _handle(credential_id: bytes) -> str:
    """A credential id may have 1023 bytes; its digest fits the column and its index."""
    return sha256(credential_id).hexdigest()


def _known(public: dict[str, Any]) -> Known:
    return Known(base64url.decode(public["id"]), tuple(public["transports"]))


def _challenge_bytes(site: Site, challenge: Challenge) -> bytes:
    return base64url.decode(challenges.private(site.vault, challenge)["challenge"])


def _party(site: Site) -> RelyingParty:
    party = relying_party(site.settings)
    if party is None:
        raise NotOffered
    return party
