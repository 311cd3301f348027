"""A certificate as a kind of factor: shown to the proxy at the name that asks for one, brought back to the browser's sign-in.

The browser goes from the page that asks to ``mtls_url`` and returns with a ticket: an answer that is good for a minute, once, to
this challenge, and so in this browser's sign-in alone. Whose certificate it is, and whether it is good, the room of the authorities
has decided by then. Nothing of a certificate is kept here: whoever gets another one need not set anything up again.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto import sm3
from idp.i18n import N_
from idp.mfa import challenges
from idp.mfa.challenges import ChallengeState
from idp.mfa.errors import ChallengeLost, NotSetUp, SomebodyElse, WrongAnswer
from idp.mfa.factor import HELD, Answer, Factor, Judged, Purpose, Site
from idp.mfa.tables import Challenge, Credential
from idp.registry.tables import Person

PATH = "/login/certificate"
"""Where certificates are shown, at ``mtls_url``."""
FIELD = "ticket"
TICKET_LIFETIME = timedelta(minutes=1)
KIND = "certificate"


class HeldCertificate(Factor):
    """A certificate that the person holds the key of."""

    kind = KIND
    title = N_("Certificate")
    summary = N_("The certificate that your school has issued to you, in this browser or on a USB key.")
    # RFC 8176: a proof by a key in software. Where the key really is, a certificate does not say.
    amr = ("swk",)
    level = 2
    phishing_resistant = True
    challenged = True
    asks_at_once = True
    stands_alone = True
    guessable = False
    limit = 1
    challenge_lifetime = timedelta(minutes=30)

    def available(self, site: Site) -> bool:
        """Only where a proxy asks for certificates, and the installation lets people sign in by them."""
        return site.settings.certificate_sign_in != "off"

    def may_stand_alone(self, site: Site) -> bool:
        """Only where the installation says so."""
        return site.settings.certificate_sign_in == "first"

    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        """Nothing is kept but that the person wants it."""

    def shown(self, site: Site, person: Person, credential: Credential, challenge: Challenge | None) -> dict[str, Any]:
        """``address``, where the certificate is shown."""
        return _shown(site, challenge)

    def asked(self, session: Session, site: Site, challenge: Challenge | None, credentials: Sequence[Credential]) -> dict[str, Any]:
        """``address``, where the certificate is shown."""
        return _shown(site, challenge)

    def candidates(
        self, session: Session, person_id: int | None, challenge: Challenge | None, answer: Answer
    ) -> Sequence[Credential]:
        """That of the person whose certificate was shown."""
        shown = challenge.outcome.get("person") if challenge is not None else None
        if person_id is None:
            person_id = shown
        return super().candidates(session, person_id, challenge, answer) if person_id is not None else []

    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """Accepts the ticket that :func:`present` gave for this very challenge. The engine spends both."""
        if challenge is None:
            raise ChallengeLost
        found = challenge.outcome
        given = sm3.digest(answer.get(FIELD, "").encode()).hex()
        if (
            not secrets.compare_digest(found.get("ticket", ""), given)
            or found["person"] != credential.person_id
            or datetime.fromisoformat(found["until"]) <= tx.now
        ):
            raise WrongAnswer
        alone = challenge.person_id is None
        return Judged(self.amr, 1 if alone else self.level, alone=alone)


def present(tx: Transaction, challenge_id: str, person_id: int, certificate: str) -> str:
    """Notes that the holder of ``certificate`` (its number) is at the browser that was sent here; returns the ticket it takes back.

    Raises :class:`ChallengeLost`, :class:`SomebodyElse`, :class:`NotSetUp`. Shown again, the earlier ticket is worth nothing.
    """
    challenge = tx.session.get(Challenge, challenge_id[:22])
    if challenge is None or challenge.kind != KIND:
        raise ChallengeLost
    challenges.check_open(tx, challenge)
    if challenge.person_id is not None and challenge.person_id != person_id:
        raise SomebodyElse
    mine = select(Credential.id).where(Credential.kind == KIND, Credential.person_id == person_id, Credential.state.in_(HELD))
    if challenge.purpose != Purpose.ENROL and tx.session.scalar(mine) is None:
        raise NotSetUp
    ticket = secrets.token_urlsafe(32)
    outcome = {
        "ticket": sm3.digest(ticket.encode()).hex(),
        "person": person_id,
        "until": (tx.now + TICKET_LIFETIME).isoformat(),
        "certificate": certificate,
    }
    challenges.advance(tx, challenge, ChallengeState(challenge.state), ChallengeState.ANSWERED, outcome=outcome)
    return ticket


def _shown(site: Site, challenge: Challenge | None) -> dict[str, Any]:
    if challenge is None or challenge.state not in challenges.OPEN:
        return {}
    return {"address": f"{site.settings.mtls_url}{PATH}?challenge={challenge.id}"}
