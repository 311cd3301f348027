"""The demo's institutions, people and apps, made through the same services as real ones.

The institutions and their codes are real; the people are invented, and so their documents are passports with numbers that no state
issues.
"""

import gettext
import secrets
from dataclasses import dataclass
from datetime import date

import pyotp

from cli.demo.memory import DemoApp, DemoPerson, Memory
from idp.apps import register
from idp.audit import Action, Transaction
from idp.deployment import Deployment
from idp.keys import Vault
from idp.login import activation, passwords
from idp.mfa import enrolment
from idp.mfa.factor import Occasion, Purpose, Site
from idp.mfa.factors import totp
from idp.oidc.clients import registration
from idp.oidc.clients.metadata import ClientMetadata
from idp.oidc.clients.policy import Policy
from idp.oidc.clients.registration import Registration
from idp.oidc.tables import OidcClient
from idp.portal import entries
from idp.registry import affiliations, documents, guardianships, institutions, persons
from idp.registry.affiliations import Role
from idp.registry.documents import DocumentKind
from idp.registry.institution_code import parse
from idp.registry.institutions import Particulars
from idp.registry.persons import Details
from idp.registry.tables import Institution, Person

_ = gettext.gettext

DATA = ("openid", "profile", "email", "phone", "school", "offline_access")
NORMAL, SCIENCE, KINDERGARTEN = "4111010027", "4144014325", "1144001800"
INSTITUTIONS = {
    NORMAL: Particulars("北京师范大学", supervisor="教育部", city="北京市", level="本科"),
    SCIENCE: Particulars("南方科技大学", supervisor="广东省", city="深圳市", level="本科"),
    KINDERGARTEN: Particulars("深圳实验幼儿园", city="深圳市"),
}


@dataclass(frozen=True)
class Place:
    """Where one of them belongs."""

    institution: str
    role: Role
    local_number: str | None = None


@dataclass(frozen=True)
class Someone:
    """One of the invented people. ``signs_in`` says how: with a password, also with codes, first by activation, or not at all."""

    key: str
    name: str
    born: date
    story: str
    places: tuple[Place, ...]
    signs_in: str


PEOPLE = (
    Someone(
        "chen",
        "陈思远",
        date(1998, 4, 12),
        _("belongs to two schools; password and one-time code"),
        (Place(NORMAL, Role.STUDENT, "202631150012"), Place(SCIENCE, Role.TEACHER, "T30418")),
        "codes",
    ),
    Someone(
        "wang",
        "王建国",
        date(1979, 9, 3),
        _("administrator of a school; password only, so that a week is left to set phone signing or a passkey up"),
        (Place(SCIENCE, Role.STAFF, "S10027"), Place(SCIENCE, Role.SCHOOL_ADMIN)),
        "password",
    ),
    Someone(
        "zhang",
        "张伟",
        date(1990, 1, 20),
        _("a father; his daughter is in kindergarten"),
        (Place(KINDERGARTEN, Role.GUARDIAN),),
        "password",
    ),
    Someone(
        "lele",
        "张乐乐",
        date(2021, 3, 15),
        _("a pupil under 14; her guardian signs in for her"),
        (Place(KINDERGARTEN, Role.STUDENT, "2024017"),),
        "no",
    ),
    Someone(
        "li",
        "李雪梅",
        date(1994, 11, 8),
        _("a teacher who has not signed in yet; activation code"),
        (Place(KINDERGARTEN, Role.TEACHER, "20260008"),),
        "activation",
    ),
)
GUARDIAN, WARD = "zhang", "lele"

APPS = (
    ("courses", "选课系统", _("any sign-in is enough; the person is asked what it may know"), 1, False),
    ("grades", "成绩管理", _("asks for a second factor; one of the school's own, so nobody is asked twice"), 2, True),
)


def make(here: Deployment, tx: Transaction) -> Memory:
    """Everything, in one transaction: either the demo is whole or it is not there."""
    for code, particulars in INSTITUTIONS.items():
        if tx.session.get(Institution, code) is None:
            institutions.add(tx, parse(code), particulars, Action.INSTITUTION_ISSUED)
    memory = Memory()
    rows: dict[str, Person] = {}
    for serial, someone in enumerate(PEOPLE, start=1):
        rows[someone.key] = _person(tx, here.ring.vault, someone, f"DEMO{serial:05}")
        memory.people.append(_sign_in(here, tx, rows[someone.key], someone))
    guardianships.add(tx, here.ring.vault, rows[GUARDIAN], rows[WARD], relation="father", verified_by=KINDERGARTEN)
    return memory


def register_apps(here: Deployment, tx: Transaction, memory: Memory) -> None:
    """Registers both apps at the addresses they have now; a registration for other addresses is switched off."""
    ports = here.settings.demo_ports.split(",")
    for (key, name, story, level, trusted), port in zip(APPS, ports, strict=True):
        url = f"http://localhost:{port}"
        known = next((app for app in memory.apps if app.key == key), None)
        if known is not None and known.url == url and tx.session.get(OidcClient, known.client_id) is not None:
            continue
        if known is not None:
            register.retire(tx, known.client_id)
            memory.apps.remove(known)
        made = registration.add(
            tx,
            Registration(
                register.Particulars(name, SCIENCE, "it@demo.example.edu.cn", _demo_purpose(key), DATA),
                ClientMetadata(
                    redirect_uris=(f"{url}/callback",),
                    post_logout_redirect_uris=(f"{url}/",),
                    backchannel_logout_uri=f"{url}/session-ended",
                    grant_types=("authorization_code", "refresh_token"),
                ),
                Policy(required_level=level, trusted=trusted),
            ),
            here.settings,
        )
        entries.place(tx, made.app.id, category="教学", address=f"{url}/sign-in", hidden=None)
        memory.apps.append(DemoApp(key, name, story, url, made.app.id, made.secret or ""))


def _demo_purpose(key: str) -> str:
    return {"courses": "选课和查看课表", "grades": "查看和登记成绩"}[key]


def _person(tx: Transaction, vault: Vault, someone: Someone, document_number: str) -> Person:
    document = documents.read(DocumentKind.PASSPORT, document_number)
    details = Details(someone.name, birth_date=someone.born)
    person = persons.register(tx, vault, document, details, verified_by=someone.places[0].institution).person
    for place in someone.places:
        affiliations.add(tx, person, place.institution, place.role, local_number=place.local_number)
    return person


def _sign_in(here: Deployment, tx: Transaction, person: Person, someone: Someone) -> DemoPerson:
    remembered = DemoPerson(someone.key, someone.name, someone.story, person.number)
    if someone.signs_in == "activation":
        remembered.activation_code = activation.issue(tx, here.ring.vault, person, lifetime=here.settings.activation_lifetime).code
    elif someone.signs_in != "no":
        remembered.password = "-".join(secrets.token_hex(2) for _part in range(3))
        passwords.set_password(tx, person, here.ring.current().passwords.hash(remembered.password))
    if someone.signs_in == "codes":
        site, occasion = Site(here.ring.vault, here.settings), Occasion("cli", Purpose.ENROL)
        begun = enrolment.begin(tx, site, person, totp.Totp.kind, occasion=occasion, label=_("Authenticator app"))
        # Confirmed with the code before the current one: each works once, and the current one is for the first sign-in.
        remembered.totp_secret = begun.shown["secret"]
        earlier = pyotp.TOTP(remembered.totp_secret).at(tx.now, counter_offset=-1)
        enrolment.confirm(tx, site, person, totp.Totp.kind, {"code": earlier}, occasion=occasion)
    return remembered


def current_code(person: DemoPerson, here: Deployment) -> str:
    """The one-time code that the person's phone would show now."""
    return pyotp.TOTP(person.totp_secret).at(here.clock.now())


def provisioning_uri(person: DemoPerson, here: Deployment) -> str:
    """What an authenticator app scans to show the same codes."""
    return totp.provisioning_uri(person.totp_secret, issuer=here.settings.organisation, account=person.number)
