"""Other protocols: a CAS ticket and a SAML answer for somebody signed in, and a sign-out of fifty apps, one of them deaf."""

import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import func, select

from bench.flow import rate_of
from bench.measurement import Measurement
from bench.sign_in import Session
from bench.site import Site, site
from idp.apps.register import Particulars
from idp.deployment import Deployment, initialise
from idp.login import sessions
from idp.login.participants import AppProtocol
from idp.login.sign_outs import telling
from idp.login.tables import BrowserSession
from idp.outbox import crew
from idp.outbox.tables import Message
from idp.registry.tables import Person
from idp.settings import Settings
from idp.sso.cas import logout, registration, tickets
from idp.sso.cas.registration import Registration
from idp.sso.cas.rules import Rules
from idp.sso.cas.server import make_server
from idp.sso.cas.tickets import Ticket
from idp.sso.saml import metadata
from idp.sso.saml import registration as saml_registration
from idp.sso.saml.rules import Rules as SamlRules
from tests.people import OPERATOR, make_person, make_school
from tests.service_provider import ACS, ServiceProvider, query
from tests.services.receiver import Receiver, receiving

PEOPLE = 40
ROUNDS = 3
ADDRESS = "https://jw.example.edu.cn/"
APPS = 50
DEADLINE = 120.0
_numbers = count()


def measure() -> Iterator[Measurement]:
    """With a session, two workers, load on the same cores; then the fan-out, one process and apps beside it."""
    with site(workers=2) as here:
        add_cas(here)
        provider = add_saml(here)
        app = here.register("Plain")
        people = [Session.open(here, app, person.number) for person in here.people(PEOPLE)]
        for one in people:
            one.code_flow()
        cas = [lambda one=one: login_and_validate(one) for one in people * 2]
        saml = [lambda one=one: saml_response(one, provider) for one in people * 2]
        plain = [one.code_flow for one in people * 2]
        rounds = [(rate_of(cas), rate_of(saml), rate_of(plain)) for _ in range(ROUNDS)]
        tickets_a_second, answers_a_second, beside = (median(values) for values in zip(*rounds, strict=True))
        yield Measurement("sso.cas.login_and_validate", tickets_a_second, "tickets/s", beside, "code flow to ID token")
        yield Measurement("sso.saml.response", answers_a_second, "answers/s", beside, "code flow to ID token")
    both = [(fan_out(hanging=True), fan_out(hanging=False)) for _ in range(ROUNDS)]
    one_hangs, all_answer = (median(values) for values in zip(*both, strict=True))
    yield Measurement("sso.logout.one_of_50_hangs", one_hangs, "s", all_answer, "all 50 answer", goal="ratio ≤ 1.5")


def add_cas(here: Site) -> None:
    """A CAS app that nobody is asked about."""
    rules = Rules(user="pairwise", attributes={"cn": "name"}, trusted=True)
    particulars = Particulars("CAS", here.school, "it@example.edu.cn", "bench", rules.scopes)
    with here.deployment.transaction(OPERATOR) as tx:
        registration.add(tx, Registration(particulars, (ADDRESS,), rules))


def add_saml(here: Site) -> ServiceProvider:
    """A SAML app whose answers are signed twice, and encrypted."""
    provider = ServiceProvider(encryption="sp", now=datetime.now(UTC))
    rules = SamlRules.of(attributes=("displayName", "pairwise-id"), trusted=True)
    particulars = Particulars("SAML", here.school, "it@example.edu.cn", "bench", rules.scopes)
    described = metadata.read(provider.metadata().encode())
    with here.deployment.transaction(OPERATOR) as tx:
        saml_registration.add(tx, saml_registration.Registration(particulars, described, rules))
    return provider


def login_and_validate(one: Session) -> None:
    """From the app's redirect to the answer that names the person."""
    response = one.client.get("/cas/login", params={"service": ADDRESS})
    ticket = parse_qs(urlsplit(response.headers["location"]).query)["ticket"][0]
    answer = one.client.get("/cas/p3/serviceValidate", params={"service": ADDRESS, "ticket": ticket})
    if "<cas:user>" not in answer.raise_for_status().text:
        raise RuntimeError(answer.text)


def saml_response(one: Session, provider: ServiceProvider) -> None:
    """From the app's redirect to the form with the answer."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = provider.request(ID=f"_{next(_numbers)}", Destination=f"{one.site.url}/saml2/sso", IssueInstant=moment)
    answer = one.client.get(f"/saml2/sso?{query(text)}", follow_redirects=True).raise_for_status()
    if 'name="SAMLResponse"' not in answer.text or ACS not in answer.text:
        raise RuntimeError(answer.text)


def fan_out(*, hanging: bool) -> float:
    """Seconds from the end of a session to the last message at the apps that answer."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = Settings(home=Path(folder) / "yima", allow_private_fetches=True)
        deployment = initialise(settings)
        stack.callback(deployment.close)
        receivers = [stack.enter_context(receiving()) for _ in range(APPS - hanging)]
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # takes the call and says nothing
        # The deaf one is the first that is told.
        urls = [f"http://127.0.0.1:{deaf.getsockname()[1]}"] * hanging + [one.url for one in receivers]
        sid, person_id = signed_in_to(deployment, urls)
        cas = make_server(deployment)
        stack.callback(cas.outgoing.close)
        stack.callback(crew.start(deployment, {logout.KIND: logout.sender(cas)}))
        ends = (telling((AppProtocol(logout.participants, lambda *_: ()),)),)
        start = time.perf_counter()
        with deployment.transaction(OPERATOR) as tx:
            sessions.end(tx, person_id, sid, ends)
        wait_for(receivers, start)
        took = time.perf_counter() - start
        while waiting(deployment) > hanging:  # the last answers are on their way
            time.sleep(0.05)
        return took


def signed_in_to(deployment: Deployment, urls: list[str]) -> tuple[str, int]:
    """A session from which somebody was let in to an app at each address."""
    school = make_school(deployment)
    person = make_person(deployment, school)
    with deployment.transaction(OPERATOR) as tx:
        row = tx.session.get_one(Person, person.id)
        sessions.start(tx, row, level=1, methods=("password",), user_agent="bench")
        tx.session.flush()
        session = tx.session.query(BrowserSession).one()
        for number, url in enumerate(urls):
            rules = Rules(user="pairwise", trusted=True)
            particulars = Particulars(f"CAS {number}", school, "it@example.edu.cn", "bench", rules.scopes)
            app, _ = registration.add(tx, Registration(particulars, (url,), rules))
            ticket = Ticket(tickets.SERVICE, app.id, url, person.id, session.sid, False, (), 1, ("password",), tx.now)
            logout.note_login(tx, deployment.ring.vault, tickets.new(tickets.SERVICE), ticket)
        return session.sid, person.id


def waiting(deployment: Deployment) -> int:
    """How many messages the outbox holds."""
    with deployment.reading() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0


def wait_for(receivers: list[Receiver], start: float) -> None:
    """Until every one of them was told."""
    while not all(one.received for one in receivers):
        if time.perf_counter() - start > DEADLINE:
            raise SystemExit(f"Only {sum(bool(one.received) for one in receivers)} apps were told.")
        time.sleep(0.005)
