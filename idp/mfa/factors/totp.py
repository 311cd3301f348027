"""Time-based one-time passwords (RFC 6238) as every authenticator app makes them: SHA-1, six digits, thirty seconds."""

import re
import secrets
from base64 import b32encode
from typing import Any
from urllib.parse import quote

import pyotp
from sqlalchemy import update

from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.i18n import N_
from idp.keys import Vault
from idp.mfa.errors import WrongCode
from idp.mfa.factor import Answer, Factor, Judged, Site, secret_context
from idp.mfa.tables import Challenge, Credential
from idp.registry.tables import Person

PERIOD = 30
DIGITS = 6
SECRET_BYTES = 20  # RFC 4226 §4 R6: 160 bits
WINDOW = 1  # RFC 6238 §5.2: one step either way, for the network and for slow fingers
MAX_DRIFT = 10  # RFC 6238 §6: a clock that is further off belongs mended, not followed


class Totp(Factor):
    """The authenticator app."""

    kind = "totp"
    title = N_("Authenticator app")
    summary = N_("An app on your phone shows a new six-digit code every half minute. It works without a network.")
    amr = ("otp",)
    level = 2

    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        """A fresh secret."""
        credential.secret_sealed = site.vault.seal(new_secret(), context=secret_context(credential.id))

    def shown(self, site: Site, person: Person, credential: Credential, challenge: Challenge | None) -> dict[str, Any]:
        """The secret, and the address that holds it: ``secret``, ``uri``."""
        secret = secret_of(site.vault, credential)
        uri = provisioning_uri(secret, issuer=site.settings.organisation, account=person.number)
        return {"secret": secret, "uri": uri}

    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """Accepts the code of a step within the window, around where this app's clock was last time."""
        now = int(tx.now.timestamp()) // PERIOD
        step = matching_step(secret_of(site.vault, credential), answer.get("code", ""), now + credential.drift)
        # RFC 6238 §5.2: a step is accepted once. Two requests with one code meet at this UPDATE, and one of them finds no row.
        spending = (
            update(Credential)
            .where(Credential.id == credential.id, Credential.last_step < step)
            .values(last_step=step, drift=max(-MAX_DRIFT, min(MAX_DRIFT, step - now)))
        )
        if not compare_and_set(tx.session, spending):
            raise WrongCode
        return self.proven()


def matching_step(secret: str, answer: str, around: int) -> int:
    """The step within the window around ``around`` whose code ``answer`` is. Raises :class:`WrongCode`."""
    code = re.sub(r"\s", "", answer)
    if not re.fullmatch(r"[0-9]{6}", code):
        raise WrongCode
    otp = pyotp.TOTP(secret, digits=DIGITS, interval=PERIOD)
    # Each candidate is compared, in constant time, whether or not one has matched.
    matches = [step for step in range(around - WINDOW, around + WINDOW + 1) if secrets.compare_digest(otp.generate_otp(step), code)]
    if not matches:
        raise WrongCode
    return matches[-1]


def new_secret() -> str:
    """A fresh secret in base32, as apps take it: 32 characters."""
    return b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_of(vault: Vault, credential: Credential) -> str:
    """The secret, opened."""
    return vault.open(credential.secret_sealed or "", context=secret_context(credential.id))


def provisioning_uri(secret: str, *, issuer: str, account: str) -> str:
    """The ``otpauth:`` address that the QR code holds (Google Authenticator's key URI format, which all apps read)."""
    label = quote(f"{issuer}:{account}", safe="")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}&algorithm=SHA1&digits={DIGITS}&period={PERIOD}"
