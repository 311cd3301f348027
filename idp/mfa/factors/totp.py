"""Time-based one-time passwords (RFC 6238), by SHA-1, SHA-256 or SHA-512, of six or eight digits."""

import hashlib
import secrets
from base64 import b32encode
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import pyotp
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.i18n import N_
from idp.keys import Vault
from idp.mfa import steps
from idp.mfa.factor import Answer, Factor, Judged, Site, secret_context
from idp.mfa.tables import Challenge, Credential
from idp.registry.tables import Person

PERIOD = 30
DIGITS = 6
# RFC 4226 §4 R6 recommends 160 bits; RFC 6238 §5.1: a key as long as the digest.
SECRET_BYTES = {"SHA1": 20, "SHA256": 32, "SHA512": 64}
DIGESTS: dict[str, Callable[..., Any]] = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}
WINDOW = 1  # RFC 6238 §5.2: one step either way, for the network and for slow fingers
MAX_DRIFT = 10  # RFC 6238 §6: a clock that is further off belongs mended, not followed


class Totp(Factor):
    """The authenticator app."""

    kind = "totp"
    title = N_("Authenticator app")
    summary = N_("An app on your phone shows a new code every half minute. It works without a network.")
    amr = ("otp",)
    level = 2

    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        """A fresh secret, of the algorithm and the digits that the installation has chosen."""
        algorithm = site.settings.totp_algorithm
        credential.public = {"algorithm": algorithm, "digits": site.settings.totp_digits}
        credential.secret_sealed = site.vault.seal(new_secret(algorithm), context=secret_context(credential.id))

    def shown(self, site: Site, person: Person, credential: Credential, challenge: Challenge | None) -> dict[str, Any]:
        """The secret, and the address that holds it: ``secret``, ``uri``, ``digits``."""
        secret, digits = secret_of(site.vault, credential), digits_of(credential)
        uri = provisioning_uri(
            secret,
            issuer=site.settings.organisation,
            account=person.number,
            algorithm=credential.public.get("algorithm", "SHA1"),
            digits=digits,
        )
        return {"secret": secret, "uri": uri, "digits": digits}

    def asked(self, session: Session, site: Site, challenge: Challenge | None, credentials: Sequence[Credential]) -> dict[str, Any]:
        """How many ``digits`` the longest code has."""
        return {"digits": max(map(digits_of, credentials), default=DIGITS)}

    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """Accepts the code of a step within the window around where this app's clock was last time, or two consecutive ones of
        steps that are further off; and remembers how far off that was.
        """
        now = int(tx.now.timestamp()) // PERIOD
        around = now + credential.drift
        step = steps.find(
            generator(secret_of(site.vault, credential), credential.public.get("algorithm", "SHA1"), digits_of(credential)),
            answer,
            digits_of(credential),
            near=range(max(around - WINDOW, 0), around + WINDOW + 1),
            far=range(max(now - MAX_DRIFT, 0), now + MAX_DRIFT),
        )
        # RFC 6238 §5.2: a step is accepted once.
        steps.spend(tx, credential, step, drift=max(-MAX_DRIFT, min(MAX_DRIFT, step - now)))
        return self.proven()


def generator(secret: str, algorithm: str, digits: int) -> steps.Generate:
    """The code of any step."""
    return pyotp.TOTP(secret, digits=digits, digest=DIGESTS[algorithm], interval=PERIOD).generate_otp


def digits_of(credential: Credential) -> int:
    """How many digits its codes have."""
    digits: int = credential.public.get("digits", DIGITS)
    return digits


def new_secret(algorithm: str = "SHA1") -> str:
    """A fresh secret in base32, as apps take it."""
    return b32encode(secrets.token_bytes(SECRET_BYTES[algorithm])).decode().rstrip("=")


def secret_of(vault: Vault, credential: Credential) -> str:
    """The secret, opened."""
    return vault.open(credential.secret_sealed or "", context=secret_context(credential.id))


def provisioning_uri(secret: str, *, issuer: str, account: str, algorithm: str = "SHA1", digits: int = DIGITS) -> str:
    """The ``otpauth:`` address that the QR code holds (Google Authenticator's key URI format, which all apps read)."""
    label = quote(f"{issuer}:{account}", safe="")
    sender = quote(issuer, safe="")
    return f"otpauth://totp/{label}?secret={secret}&issuer={sender}&algorithm={algorithm}&digits={digits}&period={PERIOD}"
