"""What a resource server and a busy register ask for: introspection, flows with PAR and DPoP, and a thousand apps."""

import random
import time
from collections.abc import Callable, Iterator
from statistics import median

from bench.bound_flow import BoundSession
from bench.flow import rate_of
from bench.http import SERVER_CORE, Target, basic, wrk
from bench.measurement import Measurement
from bench.sign_in import Session
from bench.site import Site, site
from idp.oidc.clients.client import Clients

ROUNDS = 3
APPS = 1000
LOOK_UPS = 2000
FLOWS = 40


def measure() -> Iterator[Measurement]:
    """Each beside the plainer thing of the same run."""
    yield from _introspection()
    yield from _bound_flows()
    with site(workers=1) as here:
        yield _look_ups(here)


def _introspection() -> Iterator[Measurement]:
    """One process on one core, load on the other; a JWT beside an opaque token."""
    with site(workers=1, cores=SERVER_CORE) as here:
        person = here.people(1)[0].number
        rates: dict[str, float] = {}
        for form in ("opaque", "jwt"):
            app = here.register(form, access_token_format=form)
            token = Session.open(here, app, person).code_flow()["access_token"]
            target = Target(f"{here.url}/oauth/introspect", "post.lua", [basic(app.app.id, app.secret), f"token={token}"])
            rates[form] = median(wrk(target).rate for _ in range(ROUNDS))
        yield Measurement("tokens.introspection.opaque", rates["opaque"], "requests/s")
        yield Measurement("tokens.introspection.jwt", rates["jwt"], "requests/s", rates["opaque"], "opaque")


def _bound_flows() -> Iterator[Measurement]:
    """With a session, two workers, load on the same cores; PAR and DPoP beside the plain flow of the same people."""
    with site(workers=2) as here:
        plain = here.register("Plain")
        bound = here.register("Bound", require_pushed_authorization_requests=True, dpop_bound_access_tokens=True)
        people = [person.number for person in here.people(FLOWS)]
        flows: list[list[Callable[[], object]]] = []
        for kind, app in ((Session, plain), (BoundSession, bound)):
            sessions = [kind.open(here, app, number) for number in people]
            for one in sessions:
                one.code_flow()
            flows.append([one.code_flow for one in sessions * 2])
        beside = rate_of(flows[0])
        yield Measurement("tokens.par_dpop_flow", rate_of(flows[1]), "code flows/s", beside, "plain code flow")


def _look_ups(here: Site) -> Measurement:
    """Registrations read from the database, each time another of a thousand, beside the same one each time."""
    ids = [here.register(f"App {number}").app.id for number in range(APPS)]
    clients = Clients(here.deployment.database, seconds=0)

    def rate(names: list[str]) -> float:
        start = time.perf_counter()
        for name in names:
            clients.get(name)
        return len(names) / (time.perf_counter() - start)

    rate(ids[:50])  # what is compiled and opened once
    beside = rate([ids[0]] * LOOK_UPS)
    return Measurement("tokens.look_up_of_1000_apps", rate(random.choices(ids, k=LOOK_UPS)), "look-ups/s", beside, "one app")
