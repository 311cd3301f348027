"""CAS as a second app meets it: a ticket given to somebody signed in, and validated, beside a code flow of the same people."""

from collections.abc import Iterator
from statistics import median
from urllib.parse import parse_qs, urlsplit

from bench.flow import rate_of
from bench.measurement import Measurement
from bench.sign_in import Session
from bench.site import site
from idp.apps.register import Particulars
from idp.sso.cas import registration
from idp.sso.cas.registration import Registration
from idp.sso.cas.rules import Rules
from tests.people import OPERATOR

PEOPLE = 40
ROUNDS = 3
ADDRESS = "https://jw.example.edu.cn/"


def measure() -> Iterator[Measurement]:
    """With a session, two workers, load on the same cores."""
    with site(workers=2) as here:
        rules = Rules(user="pairwise", attributes={"cn": "name"}, trusted=True)
        particulars = Particulars("CAS", here.school, "it@example.edu.cn", "bench", rules.scopes)
        with here.deployment.transaction(OPERATOR) as tx:
            registration.add(tx, Registration(particulars, (ADDRESS,), rules))
        app = here.register("Plain")
        sessions = [Session.open(here, app, person.number) for person in here.people(PEOPLE)]
        for one in sessions:
            one.code_flow()
        cas = [lambda one=one: login_and_validate(one) for one in sessions * 2]
        plain = [one.code_flow for one in sessions * 2]
        rounds = [(rate_of(cas), rate_of(plain)) for _ in range(ROUNDS)]
        ours, beside = (median(values) for values in zip(*rounds, strict=True))
        yield Measurement("cas.login_and_validate", ours, "tickets/s", beside, "code flow to ID token")


def login_and_validate(one: Session) -> None:
    """From the app's redirect to the answer that names the person."""
    response = one.client.get("/cas/login", params={"service": ADDRESS})
    ticket = parse_qs(urlsplit(response.headers["location"]).query)["ticket"][0]
    answer = one.client.get("/cas/p3/serviceValidate", params={"service": ADDRESS, "ticket": ticket})
    if "<cas:user>" not in answer.raise_for_status().text:
        raise RuntimeError(answer.text)
