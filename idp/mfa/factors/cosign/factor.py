"""The kind: how it asks, what it shows, and when an answer is right."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import delete
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto import engines
from idp.crypto.cosign import signing
from idp.crypto.cosign.encoding import read_point, read_scalar
from idp.crypto.cosign.proofs import PairProof
from idp.crypto.cosign.signing import Binding, Request, check_request, check_signature
from idp.crypto.errors import CryptoError, InvalidProof
from idp.i18n import N_
from idp.mfa import challenges, limits
from idp.mfa.errors import WrongAnswer
from idp.mfa.factor import Answer, Factor, Judged, Purpose, Site
from idp.mfa.factors.cosign import evidence, message
from idp.mfa.factors.cosign.errors import AskedTooOften, Frozen
from idp.mfa.factors.cosign.keys import joint_of, phone_point_of, share_of
from idp.mfa.factors.cosign.tables import CosignKey
from idp.mfa.qr import as_svg
from idp.mfa.tables import Challenge, Credential
from idp.registry.tables import Person

UNANSWERED, UNANSWERED_WINDOW = 3, timedelta(minutes=10)
"""Our policy: so many unanswered questions in a while, or somebody who has the password could wear its owner down."""

FREEZE = timedelta(hours=1)
SET_UP_LIFETIME = timedelta(minutes=15)


class CoSigning(Factor):
    """An SM2 signature that the phone and the server make together, over a text that the person sees."""

    kind = "cosign"
    title = N_("Phone signing")
    summary = N_("Your phone shows who signs in where, and signs it with you. A PIN that only you know protects it.")
    amr = ("swk", "pin", "user")
    level = 3
    out_of_band = True
    challenged = True
    choose_each = True
    answered_apart = True
    limit = 2  # the old phone, and the new one that takes its place
    locks_after: ClassVar[int] = 5
    challenge_lifetime = timedelta(minutes=2)

    def available(self, site: Site) -> bool:
        """It takes an origin for the app."""
        return bool(site.settings.phone_url)

    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        """Nothing yet: the key is made when the phone comes."""

    def challenge(self, tx: Transaction, site: Site, challenge: Challenge, credential: Credential | None) -> None:
        """The number for the page, and the message for the phone, which a phone being set up gets when it has its key."""
        number = f"{10 + secrets.randbelow(90)}"
        challenges.keep_private(site.vault, challenge, {"number": number})
        if challenge.purpose == Purpose.ENROL:
            challenge.expires_at = tx.now + SET_UP_LIFETIME
            return
        if credential is None or challenge.person_id is None:
            raise WrongAnswer
        if limits.counted(tx.session, frozen_key(challenge.person_id), tx.now):
            raise Frozen
        if limits.count(tx, asked_key(challenge.person_id), UNANSWERED_WINDOW) > UNANSWERED:
            raise AskedTooOften
        challenge.message = message.compose(tx, site, challenge, credential.handle or "")

    def shown(self, site: Site, person: Person, credential: Credential, challenge: Challenge | None) -> dict[str, Any]:
        """The address that the phone opens, and the number: ``uri``, ``number``; nothing when the set-up took too long."""
        if challenge is None:
            return {}
        return {"uri": f"{site.settings.phone_url}/#enrol={challenge.id}", "number": number_of(site, challenge)}

    def asked(self, session: Session, site: Site, challenge: Challenge | None, credentials: Sequence[Credential]) -> dict[str, Any]:
        """The number, and a code that opens the app: ``number``, ``uri``, ``qr``; nothing before it was asked."""
        if challenge is None:
            return {}
        uri = f"{site.settings.phone_url}/"
        return {"number": number_of(site, challenge), "uri": uri, "qr": as_svg(uri)}

    def respond(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge, answer: Answer) -> dict[str, Any]:
        """The server's half, for a phone that has proven its share and its nonce: ``r`` and ``s1``.

        ``answer`` has ``point``, and the proof as ``challenge``, ``first`` and ``second``.
        """
        key = tx.session.get_one(CosignKey, credential.id)
        arithmetic = engines.current().arithmetic
        scalars = (read_scalar(answer[name]) for name in ("challenge", "first", "second"))
        request = Request(read_point(answer["point"]), PairProof(*scalars))
        try:
            binding = binding_of(site, credential, key, challenge)
            proven = check_request(arithmetic, binding, phone_point_of(key), request)
        except InvalidProof:
            raise WrongAnswer from None
        answered = signing.answer(arithmetic, share_of(site.vault, key), proven)
        return {"r": answered.r.hex(), "s1": answered.s1.hex()}

    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """Takes an ordinary SM2 signature over the challenge's message, and keeps it."""
        key = tx.session.get(CosignKey, credential.id)
        if key is None or challenge is None or not challenge.message:
            raise WrongAnswer
        try:
            signature = read_scalar(answer.get("r", "")) + read_scalar(answer.get("s", ""))
            check_signature(binding_of(site, credential, key, challenge), signature)
        except CryptoError:
            raise WrongAnswer from None
        evidence.keep(tx, credential, key, challenge, signature)
        limits.clear(tx, asked_key(credential.person_id))
        return self.proven()

    def forget(self, tx: Transaction, credential: Credential) -> None:
        """The server's half goes; what was signed stays."""
        tx.session.execute(delete(CosignKey).where(CosignKey.credential_id == credential.id))


def binding_of(site: Site, credential: Credential, key: CosignKey, challenge: Challenge) -> Binding:
    """What a signature for this challenge is good for; everything from our own rows."""
    number = number_of(site, challenge)
    return Binding(credential.handle or "", challenge.id, number, challenge.message.encode(), joint_of(key))


def number_of(site: Site, challenge: Challenge) -> str:
    """The two digits that the page shows, empty where no page asked."""
    return str(challenges.private(site.vault, challenge).get("number", ""))


def asked_key(person_id: int) -> str:
    """The counter of questions without an answer."""
    return f"cosign:asked:{person_id}"


def frozen_key(person_id: int) -> str:
    """Counts while nobody may be asked."""
    return f"cosign:frozen:{person_id}"
