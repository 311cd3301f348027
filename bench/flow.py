"""Whole sign-ins per second, with two worker processes and load on the same cores."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.measurement import Measurement
from bench.sign_in import Session
from bench.site import site

AT_ONCE = 8
FLOWS = 160


def measure() -> Iterator[Measurement]:
    """By password, each person once (argon2id binds); and with a session, which is what a second app meets."""
    with site(workers=2) as here:
        app = here.register("Bench")
        sessions = [Session.open(here, app, person.number) for person in here.people(FLOWS)]
        sessions[0].code_flow()
        yield Measurement("flow.password", rate_of([one.code_flow for one in sessions[1:]]), "sign-ins/s", goal="≥ 20")
        yield Measurement("flow.signed_in", rate_of([one.code_flow for one in sessions * 2]), "code flows/s")


def rate_of(works: list[Callable[[], object]]) -> float:
    """How many of them are done in a second, eight at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        start = time.perf_counter()
        list(pool.map(lambda work: work(), works))
        return len(works) / (time.perf_counter() - start)
