"""An e-mail address that a person enters themselves: theirs once they have typed back what was sent there.

An address is where notices go and an account name. It is never a second factor, and no code that goes there signs anybody in
(NIST SP 800-63B §5.1.3.1: e-mail shall not be used as an out-of-band authenticator). The code is a challenge of :mod:`idp.mfa`
as any other, of a kind that no factor has; so the engine, which asks for the factor of a kind, cannot be made to take it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import select, update

from idp.audit import Action, Transaction
from idp.i18n import N_, translate
from idp.login.errors import AddressCodeRefused, AddressNotOffered, AddressTaken, LettersMustWait, NotAnAddress
from idp.login.sessions import SignedIn
from idp.mail import queue
from idp.mfa import challenges, limits, sent_codes
from idp.mfa.challenges import OPEN, ChallengeState
from idp.mfa.errors import ChallengeLost, WrongCode
from idp.mfa.factor import Occasion, Purpose, Site
from idp.mfa.tables import Challenge, RateBucket
from idp.notices import book
from idp.notices.book import SealedAddress
from idp.notices.events import Event
from idp.registry import contacts, persons
from idp.registry.age import AgeBand
from idp.registry.errors import InvalidField
from idp.registry.profile import Profile
from idp.registry.tables import Person
from idp.settings import Settings
from idp.sms.limits import networks

KIND = "email"
LIFETIME = timedelta(minutes=10)
TRIES = 5
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Our policy, after the limits of text messages: a letter costs nothing, but may trouble a stranger.
PER_PERSON = ((5, HOUR), (10, DAY))
PER_ADDRESS = ((1, MINUTE), (3, HOUR), (5, DAY))

SUBJECT = N_("%(organisation)s: is this your e-mail address?")
LETTER = N_(
    "%(code)s is the code.\n\n"
    "With it you confirm that this is your address at %(organisation)s (%(url)s). Type it on the page where you asked for it, "
    "within %(minutes)s minutes.\n\n"
    "You did not ask for it? Then do nothing: without the code this address is not used. "
    "Nobody at school will ask for your password or a code.\n"
)


def check_offered(settings: Settings, profile: Profile) -> None:
    """Raises :class:`AddressNotOffered` unless this person may enter an address here."""
    if not settings.mail_server or not settings.mail_own_address:
        raise AddressNotOffered
    # PIPL art. 31: what a child under 14 tells of themselves needs a guardian's consent, which nobody can give here yet. The rule
    # that apps are not told a child's contact details (``idp.release.claims``) rests on the same.
    if profile.age_band is AgeBand.UNDER_14:
        raise AddressNotOffered


def send(tx: Transaction, site: Site, there: SignedIn, typed: str) -> None:
    """Sends a code to the address that was typed; every earlier code of the person is over.

    Raises :class:`NotAnAddress` or :class:`LettersMustWait`; then nothing was sent, and the transaction is to be undone.
    """
    try:
        address = contacts.email(typed)
    except InvalidField:
        raise NotAnAddress from None
    _count(tx, site, there.person_id, site.vault.blind_index("email", address))
    earlier = update(Challenge).where(Challenge.person_id == there.person_id, Challenge.kind == KIND, Challenge.state.in_(OPEN))
    tx.session.execute(earlier.values(state=ChallengeState.EXPIRED).execution_options(synchronize_session="fetch"))
    challenge = challenges.create(tx, KIND, _occasion(there), LIFETIME, person_id=there.person_id, credential_id=None)
    code = sent_codes.fresh(site.vault, challenge, address, address=address)
    here = site.settings
    told = {
        "code": code,
        "organisation": here.organisation,
        "url": here.public_url,
        "minutes": str(int(LIFETIME.total_seconds() // 60)),
    }
    subject = translate(SUBJECT, site.locale, {"organisation": here.organisation})
    queue.put(tx, site.vault, address, subject=subject, text=translate(LETTER, site.locale, told))


def waiting(tx: Transaction, site: Site, there: SignedIn) -> str:
    """The address whose code this very session may type; empty if there is none."""
    challenge = _open(tx, there)
    return _address(site, challenge) if challenge is not None else ""


def confirm(tx: Transaction, site: Site, there: SignedIn, code: str) -> None:
    """Makes the address the person's by its code, once.

    Raises :class:`AddressCodeRefused` or :class:`AddressTaken`. What that cost is in the transaction: the caller keeps it.
    """
    challenge = _open(tx, there)
    if challenge is None:
        raise AddressCodeRefused
    address = _address(site, challenge)
    person = persons.by_id(tx.session, there.person_id)
    try:
        challenges.take_try(tx, challenge, TRIES)
        sent_codes.check(site.vault, challenge, address, code)
        challenges.advance(tx, challenge, ChallengeState.PENDING, ChallengeState.DONE, spent_at=tx.now)
    except ChallengeLost:
        raise AddressCodeRefused from None
    except WrongCode:
        challenges.end_if_used_up(tx, challenge, TRIES)
        tx.record(Action.EMAIL_CODE_REFUSED, subject=f"person:{person.number}", outcome="failure")
        raise AddressCodeRefused from None
    tx.serialise()  # of two who confirm one address at the same time, the second sees the first
    tx.session.refresh(person)
    # Our policy: an account name, and to some apps a name, is one person's.
    if persons.others_have_email(tx.session, site.vault, person.id, address):
        raise AddressTaken
    _keep(tx, site, person, address)


def _keep(tx: Transaction, site: Site, person: Person, address: str) -> None:
    old, had = None, person.email_index
    changed = had is not None and had != site.vault.blind_index("email", address)
    # The address until now hears of it a last time, if it was told of anything.
    if changed and person.email_sealed and (person.email_confirmed_at or site.settings.notice_to_recorded):
        old = SealedAddress(person.email_sealed, persons.email_context(person.id))
    persons.set_email(site.vault, person, address, confirmed_at=tx.now)
    tx.session.flush()
    tx.record(Action.EMAIL_CONFIRMED, subject=f"person:{person.number}", detail={"changed": changed})
    book.give(tx, person.id, Event.EMAIL_CHANGED if changed else Event.EMAIL_CONFIRMED, also=old)


def _count(tx: Transaction, site: Site, person_id: int, index: str) -> None:
    counters: list[tuple[str, int, timedelta]] = [
        *_counters(f"person:{person_id}", PER_PERSON),
        *_counters(f"address:{index}", PER_ADDRESS),
    ]
    if tx.actor.address is not None:
        narrow, _ = networks(tx.actor.address)
        counters += _counters(f"network:{narrow}", ((site.settings.mail_network_hourly, HOUR),))
    # In the order of the keys: two requests that share counters wait for each other instead of locking each other out.
    for key, limit, window in sorted(counters):
        if limits.count(tx, key, window) > limit:
            raise LettersMustWait(minutes=_minutes(tx, key))


def _counters(whose: str, rules: Sequence[tuple[int, timedelta]]) -> list[tuple[str, int, timedelta]]:
    return [(f"email:{whose}:{int(window.total_seconds())}", limit, window) for limit, window in rules]


def _minutes(tx: Transaction, key: str) -> int:
    until: datetime = tx.session.scalar(select(RateBucket.over_at).where(RateBucket.key == key)) or tx.now
    return max(1, ceil((until - tx.now) / MINUTE))


def _open(tx: Transaction, there: SignedIn) -> Challenge | None:
    found = challenges.current(tx, KIND, _occasion(there), None, there.person_id)
    return found if found is not None and found.state == ChallengeState.PENDING else None


def _address(site: Site, challenge: Challenge) -> str:
    return str(challenges.private(site.vault, challenge)["address"])


def _occasion(there: SignedIn) -> Occasion:
    return Occasion(f"session:{there.sid}", Purpose.ADDRESS)
