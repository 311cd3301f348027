"""One-time codes: a right answer judged and spent once, on SQLite, beside pyotp's comparison, which keeps nothing."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pyotp

from bench.measurement import Measurement, per_second
from idp.deployment import initialise
from idp.mfa import engine
from idp.mfa.factor import Occasion, Purpose
from idp.settings import Settings
from tests import factors
from tests.clocks import SettableClock
from tests.people import OPERATOR, make_person, make_school

SECONDS = 2.0


def measure() -> Iterator[Measurement]:
    """Every answer is of another half minute: the clock is set, and nothing is accepted twice."""
    with tempfile.TemporaryDirectory() as folder:
        clock = SettableClock()
        deployment = initialise(Settings(home=Path(folder) / "yima"), clock)
        person, site = make_person(deployment, make_school(deployment)), factors.site_of(deployment)
        with deployment.transaction(OPERATOR) as tx:
            app = pyotp.TOTP(factors.begin(deployment, tx, person)["secret"])
            factors.confirm(deployment, tx, person, app.at(clock.now() - timedelta(seconds=30)))
        occasion = Occasion("flow:of-the-bench", Purpose.SIGN_IN)

        def judged() -> None:
            clock.forward(seconds=30)
            with deployment.transaction(OPERATOR) as tx:
                engine.answer(tx, site, "totp", person.id, {"code": app.at(clock.now())}, occasion=occasion)

        def compared() -> None:
            clock.forward(seconds=30)
            assert app.verify(app.at(clock.now()), for_time=clock.now(), valid_window=1)

        yield Measurement("otp.totp", _best(judged), "1/s", _best(compared), "pyotp alone")
        deployment.close()


def _best(work: Callable[[], object]) -> float:
    """Of three rounds, as a shared machine only ever slows down."""
    return max(per_second(work, SECONDS) for _ in range(3))
