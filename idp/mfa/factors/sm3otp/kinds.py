"""The two kinds: a code that the token shows by itself, and a code in answer to a number that the page shows."""

import secrets
from abc import abstractmethod
from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto.sm3_otp import one_time_password
from idp.i18n import N_
from idp.keys import Vault
from idp.mfa import challenges, steps
from idp.mfa.errors import NoSuchToken, NotOffered
from idp.mfa.factor import HELD, Answer, Factor, Judged, Site, secret_context
from idp.mfa.factors.sm3otp import tokens
from idp.mfa.factors.sm3otp.tables import OtpToken
from idp.mfa.factors.sm3otp.tokens import Mode
from idp.mfa.tables import Challenge, Credential
from idp.registry.tables import Person

DIGITS = 6
PERIOD = 60
SEED_BYTES = 32  # as long as SM3's digest
WINDOW = 1
MAX_DRIFT = 10
# RFC 4226 §7.4: presses that nobody used, for one code and for two in a row.
LOOK_AHEAD = 10
FAR_AHEAD = 100
QUESTION_DIGITS = 8


class Token(Factor):
    """What both kinds share: a token that is assigned to the person, its seed, its parameters."""

    amr = ("otp",)
    level = 2
    begins_at_once = False
    modes: ClassVar[tuple[Mode, ...]]

    def check_offered(self, session: Session, site: Site, person: Person) -> None:
        """Only to whom a token was assigned that is not set up yet."""
        handles = [_handle(row.serial) for row in tokens.assigned_to(session, person.id, self.modes)]
        in_use = select(func.count()).where(Credential.handle.in_(handles), Credential.state.in_(HELD))
        if not handles or session.scalar(in_use) == len(handles):
            raise NotOffered

    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        """With the token whose ``serial`` was typed in; it is on its back. Raises :class:`NoSuchToken`."""
        serial = details.get("serial", "").strip().upper()
        token = next((row for row in tokens.assigned_to(tx.session, person.id, self.modes) if row.serial == serial), None)
        if token is None or tx.session.query(Credential.id).filter_by(handle=_handle(serial)).first() is not None:
            raise NoSuchToken
        self.fill(site.vault, credential, token)

    def fill(self, vault: Vault, credential: Credential, token: OtpToken) -> None:
        """What the credential takes over of its token."""
        credential.handle, credential.label, credential.last_step = _handle(token.serial), token.serial, token.last_step
        credential.public = {"serial": token.serial, "mode": token.mode, "digits": token.digits, "period": token.period}
        credential.secret_sealed = vault.seal(tokens.seed_of(vault, token), context=secret_context(credential.id))

    def asked(self, session: Session, site: Site, challenge: Challenge | None, credentials: Sequence[Credential]) -> dict[str, Any]:
        """How many ``digits`` the longest code has, and the ``question`` where the token is asked one."""
        digits = max((row.public["digits"] for row in credentials), default=DIGITS)
        return {"digits": digits, "question": _question(site.vault, challenge)}

    def shown(self, site: Site, person: Person, credential: Credential, challenge: Challenge | None) -> dict[str, Any]:
        """``serial``, ``digits``, ``question``."""
        serial, digits = credential.public.get("serial"), credential.public["digits"]
        return {"serial": serial, "digits": digits, "question": _question(site.vault, challenge)}

    def forget(self, tx: Transaction, credential: Credential) -> None:
        """What was spent on the token stays spent."""
        if serial := credential.public.get("serial"):
            tokens.remember_spent(tx, serial, credential.last_step)

    @abstractmethod
    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """As every kind."""


class Sm3Otp(Token):
    """A token that shows a code by the time, or at each press of its button; or an app, where the installation has one."""

    kind = "sm3otp"
    title = N_("Dynamic token (SM3)")
    summary = N_("The small device from your school shows a code. Its number is on the back.")
    modes = (Mode.TIME, Mode.EVENT)

    def check_offered(self, session: Session, site: Site, person: Person) -> None:
        """To whom a token was assigned; to everybody where the installation has an app that does the same."""
        if not site.settings.sm3_otp_apps:
            super().check_offered(session, site, person)

    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        """With a token, or with a fresh seed for an app where no ``serial`` is given."""
        if details.get("serial") or not site.settings.sm3_otp_apps:
            super().begin(tx, site, person, credential, details)
            return
        credential.public = {"mode": Mode.TIME, "digits": DIGITS, "period": PERIOD}
        seed = secrets.token_bytes(SEED_BYTES).hex()
        credential.secret_sealed = site.vault.seal(seed, context=secret_context(credential.id))

    def shown(self, site: Site, person: Person, credential: Credential, challenge: Challenge | None) -> dict[str, Any]:
        """For an app also ``secret`` and ``uri``."""
        shown = super().shown(site, person, credential, challenge)
        if shown["serial"]:
            return shown
        secret = b32encode(_seed(site.vault, credential)).decode().rstrip("=")
        uri = provisioning_uri(secret, issuer=site.settings.organisation, account=person.number)
        return {**shown, "secret": secret, "uri": uri}

    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """Accepts a step once: within the window, or two in a row that are further off."""
        seed, digits = _seed(site.vault, credential), credential.public["digits"]
        if credential.public["mode"] == Mode.EVENT:
            following = credential.last_step + 1
            count = steps.find(
                lambda step: one_time_password(seed, counter=step, digits=digits),
                answer,
                digits,
                near=range(following, following + LOOK_AHEAD),
                far=range(following, following + FAR_AHEAD),
            )
            steps.spend(tx, credential, count)
            return self.proven()
        now = _step(credential, tx.now)
        around = now + credential.drift
        step = steps.find(
            lambda step: one_time_password(seed, step=step, digits=digits),
            answer,
            digits,
            near=range(max(around - WINDOW, 0), around + WINDOW + 1),
            far=range(max(now - MAX_DRIFT, 0), now + MAX_DRIFT),
        )
        steps.spend(tx, credential, step, drift=max(-MAX_DRIFT, min(MAX_DRIFT, step - now)))
        return self.proven()


class Sm3Challenge(Token):
    """A token with keys: the page shows a number, the person types it in, and the token shows the code for it."""

    kind = "sm3challenge"
    title = N_("Challenge token (SM3)")
    summary = N_("You type a number from this page into the device from your school, and it shows a code.")
    modes = (Mode.CHALLENGE,)
    challenged = True
    asks_at_once = True
    choose_each = True

    def challenge(self, tx: Transaction, site: Site, challenge: Challenge, credential: Credential | None) -> None:
        """A random number for the page."""
        question = "".join(secrets.choice("0123456789") for _ in range(QUESTION_DIGITS))
        challenges.keep_private(site.vault, challenge, {"question": question})

    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """Accepts the code for this number, at the time of one step either way. The challenge is spent; the time need not be."""
        question = (_question(site.vault, challenge) or "").encode()
        now, digits = _step(credential, tx.now), credential.public["digits"]
        generate = partial(_answer_to, _seed(site.vault, credential), question, digits)
        near = range(max(now - WINDOW, 0), now + WINDOW + 1)
        steps.find(generate, {"code": answer.get("code", "")}, digits, near=near, far=range(0))
        return self.proven()


def provisioning_uri(secret: str, *, issuer: str, account: str) -> str:
    """The address that the QR code for an app holds: the key URI format with a type of our own, for which there is no standard."""
    label = quote(f"{issuer}:{account}", safe="")
    sender = quote(issuer, safe="")
    return f"otpauth://sm3otp/{label}?secret={secret}&issuer={sender}&algorithm=SM3&digits={DIGITS}&period={PERIOD}"


def _answer_to(seed: bytes, question: bytes, digits: int, step: int) -> str:
    return one_time_password(seed, step=step, challenge=question, digits=digits)


def _step(credential: Credential, now: datetime) -> int:
    period: int = credential.public["period"]
    return int(now.timestamp()) // period


def _seed(vault: Vault, credential: Credential) -> bytes:
    return bytes.fromhex(vault.open(credential.secret_sealed or "", context=secret_context(credential.id)))


def _question(vault: Vault, challenge: Challenge | None) -> str | None:
    return challenges.private(vault, challenge).get("question") if challenge is not None else None


def _handle(serial: str) -> str:
    return f"otp_token:{serial}"
