"""Telling a notice on every channel: by whom it reaches, in whose words.

One transaction claims the notice and queues a message for each channel; the channels' own workers do the rest. Whoever dies in
between has either queued all of them or none.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.database.compare_and_set import compare_and_set
from idp.deployment import SYSTEM, Deployment
from idp.i18n import N_, translate
from idp.mail import queue as mail
from idp.notices import book
from idp.notices.events import REMINDERS, URGENT, clock, sentence
from idp.notices.tables import Notice
from idp.registry import profile
from idp.settings import Settings
from idp.sms import queue as sms
from idp.sms.errors import SmsError
from idp.sms.queue import Asker
from idp.sms.templates import Purpose, Wording

log = logging.getLogger("yima.notices")

Numbers = Callable[[Session, int], Sequence[str]]
"""The telephone numbers (E.164) that a person has proven, by their row id. Asked of whoever keeps them."""

SUBJECT = N_("%(organisation)s: your account")
LETTER = N_(
    "%(event)s\n\nWhen: %(time)s (China time)\n\n"
    "Was that you? Then there is nothing to do.\n\n"
    "If it was not: open %(url)s/me, sign in and choose “That was not me”. If you cannot sign in, go to your school. "
    "Nobody at school will ask for your password or a code.\n"
)

REMINDER = N_("%(event)s\n\nIf you do not know what to do, ask whoever looks after the computers of your school.\n")


def teller(deployment: Deployment, numbers: Numbers) -> Callable[[dict[str, Any]], None]:
    """The outbox's handler for :data:`idp.notices.book.KIND`."""

    def tell(payload: dict[str, Any]) -> None:
        here = deployment.settings
        with deployment.transaction(SYSTEM) as tx:
            claim = update(Notice).where(Notice.id == int(payload["notice"]), Notice.told_at.is_(None)).values(told_at=tx.now)
            if not compare_and_set(tx.session, claim):
                return
            notice = tx.session.get_one(Notice, int(payload["notice"]), populate_existing=True)
            if notice.expires_at is not None and notice.expires_at <= tx.now:  # what it speaks of is over
                return
            locale = book.language(tx.session, notice.person_id)
            seen = profile.read(tx.session, deployment.ring.vault, notice.person_id, tx.now.date())
            recorded = here.notice_to_recorded
            if _goes_by_sms(here, notice):
                phones = {*numbers(tx.session, notice.person_id), *([seen.phone] if recorded and seen.phone else [])}
                if (also := payload.get("also")) is not None:
                    phones.add(deployment.ring.vault.open(also["sealed"], context=also["context"]))
                for phone in sorted(phones):
                    _text(deployment, tx, notice, phone, locale)
            if here.mail_server:
                counts = recorded or seen.email_confirmed_at is not None
                addresses = {seen.email} if seen.email and counts else set()
                if (old := payload.get("also_mail")) is not None:
                    addresses.add(deployment.ring.vault.open(old["sealed"], context=old["context"]))
                for address in sorted(addresses):
                    _write(deployment, tx, notice, address, locale)

    return tell


def _goes_by_sms(settings: Settings, notice: Notice) -> bool:
    if not settings.sms_provider_list or settings.notice_sms == "off":
        return False
    return settings.notice_sms == "all" or notice.event in URGENT


def _text(deployment: Deployment, tx: Transaction, notice: Notice, phone: str, locale: str) -> None:
    here = deployment.settings
    event = sentence(notice.event, notice.detail, locale)
    wording = Wording(here.organisation, here.organisation, event=event)
    try:
        with tx.savepoint():
            sms.put(tx, deployment.ring.vault, here, phone, Purpose.NOTICE, wording, locale=locale, asker=Asker(None, None))
    except SmsError as error:  # a country that messages do not go to, or more than a number should get: the others are told
        log.warning("notice %s is not sent by text message: %s", notice.id, error.code)


def _write(deployment: Deployment, tx: Transaction, notice: Notice, address: str, locale: str) -> None:
    here = deployment.settings
    event = sentence(notice.event, notice.detail, locale)
    letter = REMINDER if notice.event in REMINDERS else LETTER
    text = translate(letter, locale, {"event": event, "time": clock(notice.created_at), "url": here.public_url})
    subject = translate(SUBJECT, locale, {"organisation": here.organisation})
    mail.put(tx, deployment.ring.vault, address, subject=subject, text=text)
