"""How many messages may be caused by whom: against bombing a number, against emptying a school's purse (toll fraud).

Our policy, after what the vendors do themselves: a number gets one message a minute, five an hour, ten a day; a person may leave
five codes a day unanswered. These hold always. A network's limits and the installation's budget of unanswered codes are only
written down until the operator has seen what is usual (``sms_limits = record_only``): a whole school may sit behind one address.

Every counter is one row and every step on it a compare-and-set, so that any number of tries at once take what is there and no more.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from idp.audit import Action, Transaction
from idp.clock import BEIJING
from idp.crypto import sm3
from idp.database.compare_and_set import compare_and_set
from idp.settings import Settings
from idp.sms.errors import BudgetSpent, TooManyMessages
from idp.sms.tables import SmsCounter, SmsDay

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PER_NUMBER = ((1, MINUTE), (5, HOUR), (10, DAY))
UNANSWERED_PER_PERSON = 5
NOTICES_PER_NUMBER = 10  # a day
PER_PERSON_HOURLY = 10  # two numbers, five each: what :mod:`idp.sms.work` counts by, and never the tightest limit
SHARE = 0.3
REMEMBERED_DAYS = 14


@dataclass(frozen=True)
class Limits:
    """The limits of one installation."""

    enforce: bool
    network_hourly: int
    wide_network_hourly: int
    daily_budget: int

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """As the settings say."""
        return cls(
            settings.sms_limits == "enforce",
            settings.sms_network_hourly,
            settings.sms_wide_network_hourly,
            settings.sms_daily_budget,
        )


@dataclass(frozen=True)
class Counter:
    """``limit`` messages in each ``window``, which begins with the first. One that is not enforced is only written down."""

    what: str
    key: str
    limit: int
    window: timedelta
    enforce: bool = True


def count(tx: Transaction, limits: Limits, *, phone_index: str, person_id: int | None, address: str | None) -> None:
    """Counts one message. ``address`` is the IP address it was asked from, ``None`` for the command line.

    Raises :class:`TooManyMessages` or :class:`BudgetSpent`; then nothing was counted.
    """
    with tx.savepoint():
        # In the order of the keys: two requests that share counters wait for each other instead of locking each other out.
        for counter in sorted(_counters(limits, phone_index, person_id, address), key=lambda one: one.key):
            _take(tx, counter)
        _take_from_budget(tx, limits)


def count_notice(tx: Transaction, *, phone_index: str) -> None:
    """Counts one message that nobody asked for and no code is in: apart, so that it never stands in the way of a code.

    Raises :class:`TooManyMessages`.
    """
    _take(tx, Counter("notice", _key("notice", phone_index), NOTICES_PER_NUMBER, DAY))


def answered(tx: Transaction, person_id: int) -> None:
    """A code came back: it was wanted. What it took from the person's and the day's budget is given back."""
    one_less = update(SmsCounter).where(SmsCounter.key == _person_key(person_id), SmsCounter.count > 0)
    compare_and_set(tx.session, one_less.values(count=SmsCounter.count - 1))
    today = update(SmsDay).where(SmsDay.day == day_of(tx.now), SmsDay.answered < SmsDay.sent)
    compare_and_set(tx.session, today.values(answered=SmsDay.answered + 1))


def budget(session: Session, limits: Limits, now: datetime) -> int:
    """How many codes may stay unanswered today."""
    since = day_of(now - timedelta(days=REMEMBERED_DAYS))
    best = session.scalar(select(func.max(SmsDay.answered)).where(SmsDay.day >= since, SmsDay.day < day_of(now))) or 0
    return max(limits.daily_budget, ceil(SHARE * best))


def day_of(moment: datetime) -> str:
    """The day in Beijing, ``YYYY-MM-DD``."""
    return moment.astimezone(BEIJING).date().isoformat()


def number_key(phone_index: str, window: timedelta) -> str:
    """The row that counts the messages to a number."""
    return _key("number", phone_index, str(window))


def person_key(person_id: int, window: timedelta) -> str:
    """The row that counts the messages that a person caused, answered or not."""
    return _key("caused", str(person_id), str(window))


def networks(address: str) -> tuple[str, str]:
    """What a limit per address counts by, narrow and wide: an IPv4 address and its /24, of IPv6 the /64 and the /48."""
    here = ipaddress.ip_address(address)
    # As a server that listens for both sees IPv4: no /64 for the whole of it.
    here = getattr(here, "ipv4_mapped", None) or here
    narrow, wide = (32, 24) if here.version == 4 else (64, 48)
    return str(ipaddress.ip_network((here, narrow), strict=False)), str(ipaddress.ip_network((here, wide), strict=False))


def _counters(limits: Limits, phone_index: str, person_id: int | None, address: str | None) -> Sequence[Counter]:
    found = [Counter("number", number_key(phone_index, window), limit, window) for limit, window in PER_NUMBER]
    if person_id is not None:
        found.append(Counter("person", _person_key(person_id), UNANSWERED_PER_PERSON, DAY))
        found.append(Counter("person", person_key(person_id, HOUR), PER_PERSON_HOURLY, HOUR))
    if address is not None:
        narrow, wide = networks(address)
        found.append(Counter("network", _key("network", narrow), limits.network_hourly, HOUR, limits.enforce))
        found.append(Counter("wide_network", _key("wide", wide), limits.wide_network_hourly, HOUR, limits.enforce))
    return found


def _take(tx: Transaction, counter: Counter) -> None:
    _make_sure(tx, SmsCounter, {"key": counter.key, "count": 0, "until": tx.now + counter.window})
    row = update(SmsCounter).where(SmsCounter.key == counter.key)
    one_more = row.where(SmsCounter.until > tx.now).values(count=SmsCounter.count + 1)
    below = one_more.where(SmsCounter.count < counter.limit) if counter.enforce else one_more
    anew = row.where(SmsCounter.until <= tx.now).values(count=1, until=tx.now + counter.window)
    if not compare_and_set(tx.session, below) and not compare_and_set(tx.session, anew):
        until = tx.session.scalar(select(SmsCounter.until).where(SmsCounter.key == counter.key)) or tx.now
        raise TooManyMessages(seconds=max(1, ceil((until - tx.now).total_seconds())))
    reached = tx.session.scalar(select(SmsCounter.count).where(SmsCounter.key == counter.key))
    if counter.what.endswith("network") and reached == counter.limit:
        _record(tx, counter.what, counter.limit, enforced=counter.enforce)


def _take_from_budget(tx: Transaction, limits: Limits) -> None:
    day = day_of(tx.now)
    allowed = budget(tx.session, limits, tx.now)
    _make_sure(tx, SmsDay, {"day": day, "began_at": tx.now, "sent": 0, "answered": 0})
    taking = update(SmsDay).where(SmsDay.day == day).values(sent=SmsDay.sent + 1)
    if limits.enforce:
        taking = taking.where(SmsDay.sent - SmsDay.answered < allowed)
    if not compare_and_set(tx.session, taking):
        raise BudgetSpent
    if tx.session.scalar(select(SmsDay.sent - SmsDay.answered).where(SmsDay.day == day)) == allowed:
        _record(tx, "budget", allowed, enforced=limits.enforce)


def _record(tx: Transaction, what: str, limit: int, *, enforced: bool) -> None:
    """The alarm, with the message that used the last of it: once, not with each one that is refused after it."""
    detail = {"limit": limit, "enforced": enforced}
    tx.record(Action.SMS_LIMIT_REACHED, subject=f"sms:{what}", outcome="failure", detail=detail)


def _make_sure(tx: Transaction, table: type[SmsCounter] | type[SmsDay], row: dict[str, object]) -> None:
    dialect = tx.session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    tx.session.execute(insert(table).values(row).on_conflict_do_nothing())


def _person_key(person_id: int) -> str:
    return _key("person", str(person_id))


def _key(*parts: str) -> str:
    return sm3.digest("\x00".join(parts).encode()).hex()
