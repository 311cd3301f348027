"""Somebody signed in, and CAS apps to be signed in to, without a web page between."""

from dataclasses import dataclass, replace
from typing import Any

from idp.apps.register import Particulars
from idp.deployment import Deployment
from idp.login import sessions
from idp.login.sessions import SignedIn
from idp.registry import persons
from idp.settings import Settings
from idp.sso.cas import registration, sign_in
from idp.sso.cas.registration import Registration
from idp.sso.cas.rules import Rules
from idp.sso.cas.server import CasServer, make_server
from idp.sso.cas.sign_in import Asked
from tests.people import OPERATOR, Known, make_person, make_school

ADDRESS = "https://jw.example.edu.cn/app/"


@dataclass
class Campus:
    """A CAS server with a school, a student and their session."""

    cas: CasServer
    deployment: Deployment
    school: str
    person: Known
    signed_in: SignedIn

    def register(self, *addresses: str, scopes: tuple[str, ...] = ("openid", "profile", "email", "school"), **rules: Any) -> str:
        """Registers an app; returns its id."""
        particulars = Particulars("教务系统", self.school, "it@example.edu.cn", "选课", scopes)
        wanted = Registration(particulars, addresses or (ADDRESS,), Rules.of(**{"user": "local_number", "trusted": True, **rules}))
        with self.deployment.transaction(OPERATOR) as tx:
            return registration.add(tx, wanted)[0].id

    def ticket(self, service: str = ADDRESS, *, new_login: bool = False) -> str:
        """A service ticket for an address."""
        asked = Asked(service)
        with self.deployment.transaction(OPERATOR) as tx:
            found = sign_in.service_of(self.cas, asked)
            return sign_in.give_ticket(self.cas, tx, found, asked, self.signed_in, new_login=new_login)

    def sign_in(self, level: int = 1) -> None:
        """Another session of the same person."""
        with self.deployment.transaction(OPERATOR) as tx:
            token = sessions.start(tx, persons.by_id(tx.session, self.person.id), level=level, methods=["pwd"], user_agent="")
        with self.deployment.reading() as session:
            found = sessions.find(session, token, self.cas.limits, self.deployment.clock.now())
        assert found is not None
        self.signed_in = found


def make_campus(deployment: Deployment, **settings: Any) -> Campus:
    """Looks at registrations anew each time, and may call this machine."""
    changes = {"client_cache": 0, "allow_private_fetches": True, **settings}
    changed: Settings = deployment.settings.model_copy(update=changes)
    here = replace(deployment, settings=changed)
    school = make_school(here)
    person = make_person(here, school, local_number="S001", email="lin@example.edu.cn", password=None)
    campus = Campus(make_server(here), here, school, person, None)  # type: ignore[arg-type]
    campus.sign_in()
    return campus
