"""The one interface of second factors. A kind judges; the engine limits, spends, records, and says what was proven.

How a kind is added:

1. ``idp/mfa/factors/<kind>.py``, or a folder of that name: a subclass of :class:`Factor`. Metadata are class attributes, what
   the kind does are the hooks :meth:`Factor.begin` and :meth:`Factor.judge`, and those others that it needs.
2. One line in the table of :mod:`idp.mfa.factors`. Discovery, the policy, the pages and the command line read that table.
3. Two partials, ``login/factors/<kind>/ask.html`` and ``…/enrol.html``, around the form macros of ``login/form_parts.html``;
   ``…/alone.html`` as well for a kind that stands alone, shown on the first page of a sign-in.
4. Tables of its own, if any, beside it; what the device sends and reads at addresses of its own goes to ``idp/login/routes``.

What a kind keeps: ``secret_sealed`` (by the vault, under :func:`secret_context`), ``public`` (never a secret), ``handle`` (what
the device names the credential by), ``sign_count``, ``last_step``, ``drift``, and of a challenge
:func:`idp.mfa.challenges.keep_private`. A kind that remembers "used once" does it by compare-and-set inside :meth:`Factor.judge`.

Three ways of answering: without a challenge (a code of an app); to a challenge, by the browser (``challenged``: a code by SMS, a
passkey); to a challenge, by the phone (``answered_apart``: the phone calls :func:`idp.mfa.engine.answer_apart`, preceded by
:func:`idp.mfa.engine.respond` where the answer takes two messages, and the browser collects by the form it has).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.audit import Transaction
from idp.crypto import sm3
from idp.i18n import DEFAULT_LOCALE
from idp.keys import Vault
from idp.mfa.errors import ChallengeLost
from idp.mfa.tables import Challenge, Credential
from idp.registry.tables import Person
from idp.settings import Settings

Answer = Mapping[str, str]
"""The fields of the form, or of the message of a phone, by name. Untrusted."""


class State(StrEnum):
    """Where a credential stands."""

    PENDING = "pending"
    ACTIVE = "active"
    LOCKED = "locked"
    REVOKED = "revoked"


HELD = (State.ACTIVE, State.LOCKED)
"""What counts as a factor that the person has: a locked one is still asked for, or locking it would open the door."""


class Purpose(StrEnum):
    """What a challenge is for."""

    SIGN_IN = "sign_in"
    STEP_UP = "step_up"
    ENROL = "enrol"
    CONFIRM = "confirm"
    ADDRESS = "address"


@dataclass(frozen=True)
class Site:
    """The installation, as far as a kind may know it, and the language of whoever is asked."""

    vault: Vault
    settings: Settings
    locale: str = DEFAULT_LOCALE


@dataclass(frozen=True)
class Occasion:
    """Why somebody is asked, and at which browser.

    ``binding`` names the flow or the session, as ``flow:…`` or ``session:…``; an answer counts there and nowhere else.
    ``message`` is what the person is asked to confirm, in full.
    """

    binding: str
    purpose: Purpose
    client_id: str = ""
    level: int = 2
    message: str = ""

    @property
    def binding_hash(self) -> str:
        """What the challenge's row holds of it."""
        return sm3.digest(self.binding.encode()).hex()


@dataclass(frozen=True)
class Judged:
    """What a right answer proved: ``alone`` when it stands without a password, as a passkey with user verification does."""

    amr: tuple[str, ...]
    level: int
    alone: bool = False


class Factor(ABC):
    """A kind of second factor. Its file or folder under ``factors/`` is all there is to it, beside its two page partials:
    ``login/factors/<kind>/ask.html`` and ``login/factors/<kind>/enrol.html``. See the module for how one is added.
    """

    kind: ClassVar[str]
    """Its name in rows, addresses, the journal and at the command line, at most 16 characters."""

    title: ClassVar[str]
    """What people call it, a gettext id."""

    summary: ClassVar[str] = ""
    """What it is, in a sentence, where one may add it; a gettext id."""

    amr: ClassVar[tuple[str, ...]]
    """The authentication method references of a proof by it (RFC 8176)."""

    level: ClassVar[int]
    """The highest level that it lifts a sign-in to, see :mod:`idp.mfa.policy`."""

    restricted: ClassVar[bool] = False
    """NIST SP 800-63B §5.2.10: only beside a better one, and the person is told."""

    holds_number: ClassVar[bool] = False
    """Whether its secret is a telephone number: notices go there too, and a last one when it is taken away."""

    phishing_resistant: ClassVar[bool] = False
    out_of_band: ClassVar[bool] = False

    last_resort: ClassVar[bool] = False
    """Offered last, and gone with the last other factor."""

    addable: ClassVar[bool] = True
    """Whether people set it up themselves, by the pages that all kinds share."""

    begins_at_once: ClassVar[bool] = True
    """Whether its set-up begins when its page is opened, with nothing to fill in before."""

    challenged: ClassVar[bool] = False
    """Whether an answer is an answer to a challenge: made by the engine, filled by :meth:`challenge`."""

    asks_at_once: ClassVar[bool] = False
    """Whether the challenge is made when the page is opened; otherwise a button makes it, because it costs or disturbs."""

    choose_each: ClassVar[bool] = False
    """Whether several of one person are told apart when asking; otherwise any of them may answer."""

    stands_alone: ClassVar[bool] = False
    """Whether an answer may come before any password and say by itself whose it is, as a discoverable passkey does."""

    answered_apart: ClassVar[bool] = False
    """Whether the answer comes from the phone at an address of its own, and the browser only collects what it proved."""

    guessable: ClassVar[bool] = True
    """Whether wrong answers could be guesses, and are counted, delayed and limited."""

    limit: ClassVar[int] = 5
    """How many of it one person may have."""

    locks_after: ClassVar[int | None] = None
    """After how many wrong answers in a row it locks; ``None`` for a wait that doubles, and no lock."""

    tries: ClassVar[int] = 5
    """How many wrong answers one challenge takes."""

    challenge_lifetime: ClassVar[timedelta] = timedelta(minutes=5)

    def may_stand_alone(self, site: Site) -> bool:
        """Whether it may come before any password in this installation."""
        return self.stands_alone

    def available(self, site: Site) -> bool:
        """Whether this installation is set up for it at all, whoever the person is."""
        return True

    def check_offered(self, session: Session, site: Site, person: Person) -> None:
        """Raises :class:`idp.mfa.errors.NotOffered` if this person may not set it up, or the installation lacks what it takes."""

    @abstractmethod
    def begin(self, tx: Transaction, site: Site, person: Person, credential: Credential, details: Answer) -> None:
        """Fills the new pending ``credential``: its secret sealed, its public part, its handle.

        ``details`` is what was filled in before. Raises a :class:`idp.mfa.errors.FactorError` for what is wrong with them.
        """

    def shown(self, site: Site, person: Person, credential: Credential, challenge: Challenge | None) -> dict[str, Any]:
        """What the partial ``enrol.html`` shows of a pending enrolment; may be asked again until it is done."""
        return {}

    def challenge(self, tx: Transaction, site: Site, challenge: Challenge, credential: Credential | None) -> None:
        """Fills a new challenge and sends what has to be sent, in this transaction. Asking is never a failure of the person."""

    def check_asking(self, tx: Transaction, site: Site, credential: Credential | None, details: Answer) -> None:
        """Raises a :class:`idp.mfa.errors.FactorError` where asking now has a price that ``details``, the form, does not bring."""

    def before(self, session: Session, site: Site, person: Person) -> dict[str, Any]:
        """What the partial ``enrol.html`` shows whether or not an enrolment has begun."""
        return {}

    def asked(self, session: Session, site: Site, challenge: Challenge | None, credentials: Sequence[Credential]) -> dict[str, Any]:
        """What the partial ``ask.html`` shows."""
        return {}

    def candidates(
        self, session: Session, person_id: int | None, challenge: Challenge | None, answer: Answer
    ) -> Sequence[Credential]:
        """The held credentials that may have made ``answer``: the challenge's own, or all that the person has of this kind."""
        held = select(Credential).where(Credential.kind == self.kind, Credential.person_id == person_id, Credential.state.in_(HELD))
        if challenge is not None and challenge.credential_id is not None:
            held = held.where(Credential.id == challenge.credential_id)
        return session.scalars(held.order_by(Credential.id)).all()

    def respond(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge, answer: Answer) -> dict[str, Any]:
        """Our message in return for the first of two from a phone, for kinds whose answer takes two.

        Called once for a challenge, which the engine has moved to ``answered`` in the same savepoint. Raises
        :class:`idp.mfa.errors.WrongCode` for a first message that proves nothing; that is counted as any wrong answer.
        """
        raise ChallengeLost

    @abstractmethod
    def judge(self, tx: Transaction, site: Site, credential: Credential, challenge: Challenge | None, answer: Answer) -> Judged:
        """Accepts ``answer`` for ever and only once, by compare-and-set in this transaction.

        The engine has spent the challenge already, in the same savepoint. Raises :class:`idp.mfa.errors.WrongCode` for an
        answer that is wrong or spent, even by somebody at this very moment; :class:`idp.mfa.errors.Compromised` for one that
        shows a theft. Whatever it raises, its writes are undone.
        """

    def forget(self, tx: Transaction, credential: Credential) -> None:
        """Takes away what the kind keeps beside the credential, when that is revoked."""

    def proven(self) -> Judged:
        """The verdict of a kind whose every right answer proves the same."""
        return Judged(self.amr, self.level)


def secret_context(credential_id: int) -> str:
    """The place that a credential's secret is sealed for."""
    return f"mfa_credential:{credential_id}:secret"
