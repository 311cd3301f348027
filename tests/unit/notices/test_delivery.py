"""A notice is written with its change, stays until it is read, and goes to every channel once."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.deployment import Deployment
from idp.mail import queue as mail
from idp.mfa import credentials
from idp.mfa.factors.sms import proven_numbers
from idp.notices import book, delivery
from idp.notices.book import SealedNumber
from idp.notices.events import TEXTS, Event, sentence
from idp.outbox import worker
from idp.outbox.tables import Message
from idp.registry.tables import Person
from idp.sms import queue as sms
from idp.sms.tables import SmsMessage
from tests.at_once import at_once
from tests.clocks import SettableClock
from tests.people import OPERATOR, Known, make_person, make_school
from tests.web.conftest import give_totp

one_database = pytest.mark.parametrize("deployment_settings", ["sqlite"], indirect=True)
PROVEN = "+8613900000000"


@pytest.fixture
def here(deployment: Deployment) -> Deployment:
    changes = {"sms_providers": "smpp", "mail_server": "localhost:25", "mail_from": "a@b.cn", "organisation": "第一小学"}
    return dataclasses.replace(deployment, settings=deployment.settings.model_copy(update=changes))


@pytest.fixture
def person(here: Deployment) -> Known:
    return make_person(here, make_school(here), phone="13800000000", email="lin@example.edu.cn", password=None)


def give(here: Deployment, person: Known, event: Event = Event.PASSWORD_CHANGED, **more: str) -> int:
    with here.transaction(OPERATOR) as tx:
        return book.give(tx, person.id, event, detail=more).id


def tell(here: Deployment, *numbers: str) -> None:
    """What the outbox does with notices, for a person who has proven these numbers."""

    def proven(_session: Session, _person_id: int) -> Sequence[str]:
        return numbers

    worker.run_due(here, {book.KIND: delivery.teller(here, proven)})


def texts(here: Deployment) -> dict[str, str]:
    """The text messages that wait, by number."""
    with here.reading() as session:
        payloads = session.scalars(select(Message.payload).where(Message.kind == sms.KIND)).all()
    return {message.phone: message.text for message in (sms.opened(here.ring.vault, payload) for payload in payloads)}


def letters(here: Deployment) -> dict[str, str]:
    """The letters that wait, by address."""
    with here.reading() as session:
        payloads = session.scalars(select(Message.payload).where(Message.kind == mail.KIND)).all()
    return {letter.address: letter.text for letter in (mail.opened(here.ring.vault, payload) for payload in payloads)}


@one_database
def test_it_goes_to_the_proven_number_the_recorded_one_and_the_recorded_address(here: Deployment, person: Known) -> None:
    give(here, person)
    tell(here, PROVEN)
    assert set(texts(here)) == {PROVEN, "+8613800000000"}
    assert set(letters(here)) == {"lin@example.edu.cn"}


@one_database
def test_only_what_was_proven_where_the_installation_says_so(here: Deployment, person: Known) -> None:
    strict = dataclasses.replace(here, settings=here.settings.model_copy(update={"notice_to_recorded": False}))
    give(strict, person)
    tell(strict, PROVEN)
    assert (set(texts(strict)), letters(strict)) == ({PROVEN}, {})


@one_database
@pytest.mark.parametrize(("mode", "sent"), [("all", 2), ("urgent", 1), ("off", 0)])
def test_text_messages_are_for_what_the_installation_pays_for(here: Deployment, person: Known, mode: str, sent: int) -> None:
    thrifty = dataclasses.replace(here, settings=here.settings.model_copy(update={"notice_sms": mode}))
    give(thrifty, person, Event.NEW_DEVICE, device="Chrome")
    give(thrifty, person, Event.DEVICE_STOLEN, device="Chrome")
    tell(thrifty)
    with thrifty.reading() as session:
        assert len(session.scalars(select(SmsMessage)).all()) == sent


@one_database
def test_it_speaks_the_language_that_the_person_reads(here: Deployment, person: Known) -> None:
    with here.transaction(OPERATOR) as tx:
        book.speaks(tx, person.id, "en")
    give(here, person, Event.FACTOR_REMOVED, kind="Authenticator app")
    tell(here)
    assert "removed from your account: Authenticator app" in texts(here)["+8613800000000"]
    assert "That was not me" in letters(here)["lin@example.edu.cn"]


@one_database
def test_without_a_known_language_it_is_chinese_and_says_no_address_of_ours_in_a_text_message(
    here: Deployment, person: Known
) -> None:
    give(here, person, Event.RECOVERY_CODE_USED)
    tell(here)
    (text,) = texts(here).values()
    assert text.startswith("【第一小学】")
    assert "备用码" in text
    assert "http" not in text


@one_database
def test_a_number_that_is_taken_away_hears_of_it(here: Deployment, person: Known) -> None:
    sealed = here.ring.vault.seal("+8613911112222", context="mfa_credential:1:secret")
    with here.transaction(OPERATOR) as tx:
        book.give(tx, person.id, Event.NUMBER_REMOVED, also=SealedNumber(sealed, "mfa_credential:1:secret"))
    tell(here)
    assert "+8613911112222" in texts(here)


@one_database
def test_neither_number_nor_address_nor_text_waits_in_clear(here: Deployment, person: Known) -> None:
    give(here, person)
    tell(here, PROVEN)
    with here.reading() as session:
        waiting = json.dumps(list(session.scalars(select(Message.payload))), ensure_ascii=False)
    assert not any(word in waiting for word in (PROVEN, "13800000000", "lin@", "密码"))


@one_database
def test_a_number_gets_ten_a_day_and_its_codes_are_not_held_up(here: Deployment, person: Known, clock: SettableClock) -> None:
    for _ in range(12):
        give(here, person)
    tell(here)
    with here.reading() as session:
        assert len(session.scalars(select(SmsMessage)).all()) == 10
    assert len(letters(here)) == 1
    with here.transaction(OPERATOR) as tx:
        wording = sms.Wording("第一小学", "教务系统", "814095")
        asker = sms.Asker(person.id, None)
        sms.put(tx, here.ring.vault, here.settings, "+8613800000000", sms.Purpose.SIGN_IN, wording, locale="en", asker=asker)


def test_twenty_servers_that_find_it_at_once_tell_it_once(here: Deployment, person: Known) -> None:
    give(here, person)
    tellers = delivery.teller(here, lambda session, who: ())
    with here.reading() as session:
        payload = session.scalars(select(Message.payload).where(Message.kind == book.KIND)).one()
    at_once(lambda _: tellers(payload))
    with here.reading() as session:
        kinds = [row.kind for row in session.scalars(select(Message))]
    assert (kinds.count(sms.KIND), kinds.count(mail.KIND)) == (1, 1)


@one_database
def test_a_change_that_is_undone_tells_nobody_and_one_that_is_kept_waits_for_the_next_server(
    here: Deployment, person: Known
) -> None:
    class Killed(BaseException):
        pass

    with pytest.raises(Killed), here.transaction(OPERATOR) as tx:
        book.give(tx, person.id, Event.FACTORS_RESET)
        raise Killed
    tell(here)
    assert texts(here) == {}
    give(here, person)  # and here the server dies
    tell(here)
    assert len(texts(here)) == 1


@one_database
def test_it_stays_on_the_page_until_it_is_read_and_only_its_owner_reads_it(here: Deployment, person: Known) -> None:
    other = make_person(here, make_school(here, "二小"), document="OTHER1234", password=None)
    first, second = give(here, person), give(here, person)

    def unread() -> list[int]:
        with here.reading() as session:
            return [row.id for row in book.unread(session, person.id, here.clock.now())]

    with here.transaction(OPERATOR) as tx:
        book.mark_read(tx, other.id, second)
    assert unread() == [second, first]
    with here.transaction(OPERATOR) as tx:
        book.mark_read(tx, person.id, first)
    assert unread() == [second]


@one_database
def test_a_factor_added_locked_and_removed_is_told_each_time(here: Deployment, person: Known, clock: SettableClock) -> None:
    give_totp(here, person, clock)
    with here.transaction(OPERATOR) as tx:
        row = credentials.held_by(tx.session, person.id)[0]
        credentials.lock(tx, row, "found")
        credentials.lock(tx, row, "found")
        credentials.remove(tx, tx.session.get_one(Person, person.id), row.id)
    with here.reading() as session:
        events = [row.event for row in book.unread(session, person.id, here.clock.now())]
        assert proven_numbers(session, here.ring.vault, person.id) == []
    assert events == ["factor_removed", "factor_locked", "factor_added"]


@pytest.mark.parametrize("locale", ["zh_Hans", "en"])
def test_every_event_has_words_in_both_languages(locale: str) -> None:
    values = {
        "kind": "Authenticator app",
        "device": "Chrome",
        "due": "2026-09-01T08:00:00+00:00",
        "until": "2026-09-01T08:05:00+00:00",
        "provider": "企业微信",
        "number": "5db92a3e",
    }
    said = [sentence(event.value, values, locale) for event in Event]
    assert len(set(said)) == len(TEXTS) == len(Event)
    assert all("%(" not in text for text in said)
    assert sentence("of-a-later-version", {}, locale) == ""


@one_database
def test_a_reminder_does_not_ask_whether_that_was_you_and_costs_no_text_message_by_urgency(here: Deployment, person: Known) -> None:
    urgent = dataclasses.replace(here, settings=here.settings.model_copy(update={"notice_sms": "urgent"}))
    give(here, person, Event.CERTIFICATE_ENDS, number="5db92a3e", due="2026-09-01T08:00:00+00:00")
    tell(urgent, PROVEN)
    assert texts(here) == {}
    [letter] = letters(here).values()
    assert "5db92a3e" in letter
    assert "2026-09-01 16:00" in letter
    assert "/me" not in letter


@one_database
def test_what_is_over_before_it_could_be_told_is_told_nobody(here: Deployment, person: Known, clock: SettableClock) -> None:
    with here.transaction(OPERATOR) as tx:
        until = tx.now + timedelta(minutes=5)
        book.give(tx, person.id, Event.APPROVAL_WAITS, detail={"until": until.isoformat()}, expires_at=until)
    clock.forward(minutes=5)
    tell(here, PROVEN)
    assert (texts(here), letters(here)) == ({}, {})
    with here.reading() as session:
        assert list(book.unread(session, person.id, clock.now())) == []
