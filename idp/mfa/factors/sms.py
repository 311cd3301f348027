"""A code by text message: the weaker way, and the page says so. A number is bound by proving that one reads what it receives.

What goes out is written down by :mod:`idp.sms.queue` in the transaction that asks, and counted there against every limit.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.apps import register
from idp.apps.errors import NoSuchApp
from idp.audit import Transaction
from idp.i18n import N_
from idp.keys import Vault
from idp.mfa import sent_codes
from idp.mfa.errors import FactorError, NoSuchFactor
from idp.mfa.factor import HELD, Answer, Factor, Judged, Purpose, Site, secret_context
from idp.mfa.tables import Challenge, Credential
from idp.registry import contacts
from idp.registry.errors import InvalidField
from idp.registry.tables import Person
from idp.sms import limits, numbers, queue, work
from idp.sms.errors import CountryNotAllowed, SmsError, TooManyMessages, WorkNeeded
from idp.sms.queue import Asker
from idp.sms.templates import Purpose as MessagePurpose
from idp.sms.templates import Wording


class NotANumber(FactorError):
    """What was typed is no telephone number, or none that messages go to."""

    code = "mfa.sms.number"
    default_message = N_("This is not a mobile number that we can send a message to.")


class MessagesMustWait(FactorError):
    """A limit on messages."""

    code = "mfa.sms.wait"
    default_message = N_("Too many text messages were asked for. Please wait %(seconds)s seconds, or choose another way.")


class WorkMissing(FactorError):
    """Another message so soon, and the browser has not worked for it."""

    code = "mfa.sms.work"
    default_message = N_(
        "A message was sent just now. Please wait %(minutes)s minutes, or choose another way. "
        "With JavaScript there is no need to wait."
    )


class NoMessageNow(FactorError):
    """No message can be sent at all."""

    code = "mfa.sms.unavailable"
    default_message = N_("No text message can be sent now. Please choose another way, or ask your school.")


class Sms(Factor):
    """Text messages."""

    kind = "sms"
    title = N_("Text message")
    summary = N_(
        "A code is sent to your phone. This is the weaker way: a number can be taken over, and messages can be read by others."
    )
    amr = ("sms",)
    level = 2
    restricted = True
    holds_number = True
    out_of_band = True
    begins_at_once = False
    challenged = True
    choose_each = True
    limit = 2
    tries = 5
    challenge_lifetime = timedelta(minutes=5)

    def available(self, site: Site) -> bool:
        """Only where messages can be sent."""
        return bool(site.settings.sms_provider_list)

    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        """The number, sealed. Whether anybody else has the same is nobody's business: it is proven by reading the message."""
        try:
            phone = contacts.phone(details.get("phone", ""))
            numbers.check_country(phone, site.settings.sms_country_list)
        except (InvalidField, CountryNotAllowed):
            raise NotANumber from None
        credential.secret_sealed = site.vault.seal(phone, context=secret_context(credential.id))
        credential.label = numbers.masked(phone)

    def shown(self, site: Site, person: Person, credential: Credential, challenge: Challenge | None) -> dict[str, Any]:
        """``number``, masked."""
        return {"number": credential.label}

    def check_asking(self, tx: Transaction, site: Site, credential: Credential | None, details: Answer) -> None:
        """Raises :class:`WorkMissing`."""
        if credential is None:
            raise NoSuchFactor
        index = site.vault.blind_index("phone", _phone(site.vault, credential))
        brought = details.get("work", "")
        try:
            work.check(tx.session, site.vault, tx.now, person_id=credential.person_id, phone_index=index, answer=brought)
        except WorkNeeded as error:
            raise WorkMissing(minutes=error.params["minutes"]) from None

    def before(self, session: Session, site: Site, person: Person) -> dict[str, Any]:
        """``work``, for another message."""
        return {"work": work.asked(session, site.vault, person.id)}

    def challenge(self, tx: Transaction, site: Site, challenge: Challenge, credential: Credential | None) -> None:
        """Sends a new code. Raises :class:`MessagesMustWait`, :class:`NoMessageNow` or :class:`NotOffered`."""
        if credential is None:
            raise NoSuchFactor
        phone = _phone(site.vault, credential)
        code = sent_codes.fresh(site.vault, challenge, phone)
        minutes = int(self.challenge_lifetime.total_seconds() // 60)
        wording = Wording(site.settings.organisation, _app_name(tx.session, site, challenge.client_id), code, minutes)
        enrolling = challenge.purpose == Purpose.ENROL
        try:
            queue.put(
                tx,
                site.vault,
                site.settings,
                phone,
                MessagePurpose.ENROL if enrolling else MessagePurpose.SIGN_IN,
                wording,
                locale=site.locale,
                asker=Asker(credential.person_id, tx.actor.address),
                challenge_id=challenge.id,
            )
        except TooManyMessages as error:
            raise MessagesMustWait(seconds=error.params["seconds"]) from None
        except SmsError as error:
            raise NoMessageNow(detail=error.code) from None

    def asked(self, session: Session, site: Site, challenge: Challenge | None, credentials: Sequence[Credential]) -> dict[str, Any]:
        """``number``, masked, ``failed``: whether the last message did not go out, and ``work`` for another one."""
        last = queue.latest(session, challenge.id) if challenge is not None else None
        return {
            "number": credentials[0].label if credentials else "",
            "failed": last is not None and last.state in ("failed", "undelivered"),
            "work": work.asked(session, site.vault, credentials[0].person_id) if credentials else None,
        }

    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """Accepts the code of this very challenge; the engine has spent the challenge."""
        if challenge is None or challenge.credential_id != credential.id:
            raise NoSuchFactor
        sent_codes.check(site.vault, challenge, _phone(site.vault, credential), answer.get("code", ""))
        limits.answered(tx, credential.person_id)
        return self.proven()


def proven_numbers(session: Session, vault: Vault, person_id: int) -> list[str]:
    """The numbers (E.164) at which the person has read a message, those of locked factors among them."""
    held = select(Credential).where(Credential.person_id == person_id, Credential.kind == Sms.kind, Credential.state.in_(HELD))
    return [_phone(vault, row) for row in session.scalars(held.order_by(Credential.id))]


def _phone(vault: Vault, credential: Credential) -> str:
    return vault.open(credential.secret_sealed or "", context=secret_context(credential.id))


def _app_name(session: Session, site: Site, client_id: str) -> str:
    try:
        return register.by_id(session, client_id).name if client_id else site.settings.organisation
    except NoSuchApp:
        return site.settings.organisation
