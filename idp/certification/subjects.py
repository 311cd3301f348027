"""Whose name stands in a certificate: the registry's words in the places of the profile. An applicant's own words do not count."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import Session

from idp.apps import register
from idp.apps.register import AppStatus
from idp.certification.errors import HolderNotFitting
from idp.certification.profiles import Profile
from idp.crypto.x509.certificate import Certificate
from idp.crypto.x509.extensions import SubjectAltName
from idp.crypto.x509.general_name import URI, GeneralName
from idp.crypto.x509.name import Name
from idp.database.prepared import Prepared
from idp.i18n import N_
from idp.registry import institutions, person_number, persons
from idp.registry.errors import NoSuchInstitution, NoSuchPerson
from idp.registry.institutions import InstitutionStatus
from idp.registry.persons import PersonStatus
from idp.registry.tables import Affiliation, Institution, Person


class Member(NamedTuple):
    """A person, as far as certificates speak of one."""

    id: int
    number: str
    name: str


class School(NamedTuple):
    """An institution, as far as certificates speak of one."""

    code: str
    name: str
    credit_code: str | None

    @classmethod
    def of(cls, row: Institution) -> "School":
        """Of its row."""
        return cls(row.code, row.name, row.credit_code)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a certificate is about, as the registry has it. ``names`` are the alternative names it may have, ``app`` a client id."""

    organisation: str
    common_name: str = ""
    person: Member | None = None
    institution: School | None = None
    names: tuple[GeneralName, ...] = ()
    app: str | None = None

    @property
    def credit_code(self) -> str | None:
        """The unified social credit code, where the registry has it."""
        return self.institution.credit_code if self.institution is not None else None


def _asking() -> Select[Any]:
    person, school, affiliation = Person.__table__, Institution.__table__, Affiliation.__table__
    here = exists().where(
        affiliation.c.person_id == person.c.id,
        affiliation.c.institution == school.c.code,
        affiliation.c.begins <= bindparam("today"),
        affiliation.c.ends.is_(None) | (affiliation.c.ends > bindparam("today")),
    )
    return (
        select(person.c.id, person.c.number, person.c.name, person.c.status, person.c.merged_into)
        .add_columns(school.c.code, school.c.name, school.c.credit_code, school.c.status, here)
        .select_from(person.outerjoin(school, school.c.code == bindparam("school")))
        .where(person.c.number == bindparam("number"))
    )


_ASKING = Prepared(_asking())


def person_at(session: Session, number: str, institution: str, today: date) -> Holder:
    """A person as the member of an institution. Raises :class:`HolderNotFitting` for one disabled, or not there any more,
    ``NoSuchPerson``, ``NoSuchInstitution``.
    """
    asked = {"school": institution, "today": today}
    row = _ASKING.first(session, number=person_number.normalise(number), **asked)
    if row is None:
        raise NoSuchPerson
    if row[4] is not None:  # merged: who lives on
        row = _ASKING.rows(session, number=persons.by_number(session, number).number, **asked)[0]
    person, status, school, school_status, is_here = Member(*row[:3]), row[3], School(*row[5:8]), row[8], row[9]
    if school_status is None:
        raise NoSuchInstitution(value=institution[:32])
    if status != PersonStatus.ACTIVE:
        raise HolderNotFitting(reason=N_("the person is disabled"))
    if school_status != InstitutionStatus.ACTIVE:
        raise HolderNotFitting(reason=N_("the institution is not active"))
    if not is_here:
        raise HolderNotFitting(reason=N_("the person does not belong to the institution"))
    return Holder(school.name, person.name, person, school)


def host_of(session: Session, hosts: tuple[str, ...], institution: str) -> Holder:
    """Servers of an institution. Raises :class:`HolderNotFitting` for a name outside of the institution's domains."""
    school = active_institution(session, institution)
    for host in hosts:
        if not any(host.lower() == domain or host.lower().endswith(f".{domain}") for domain in school.domains):
            raise HolderNotFitting(reason=N_("a host name is outside of the institution's domains"))
    if not hosts:
        raise HolderNotFitting(reason=N_("no host name is given"))
    return Holder(school.name, hosts[0], institution=School.of(school), names=tuple(GeneralName.dns(host) for host in hosts))


def issuer_of(session: Session, url: str, institution: str) -> Holder:
    """An issuer of tokens at another installation. Raises :class:`HolderNotFitting` for an address outside of the institution's
    domains.
    """
    host = urlsplit(url).hostname or ""
    holder = host_of(session, (host,) if host else (), institution)
    return replace(holder, common_name=host[:64], names=(GeneralName.uri(url),))


def app_of(session: Session, app_id: str, institution: str) -> Holder:
    """An app. Raises :class:`HolderNotFitting` for one that is not approved, or another institution's, ``NoSuchApp``."""
    app, school = register.by_id(session, app_id), active_institution(session, institution)
    if app.owner != school.code:
        raise HolderNotFitting(reason=N_("the app belongs to another institution"))
    if app.status != AppStatus.APPROVED:
        raise HolderNotFitting(reason=N_("the app is not approved"))
    name = GeneralName.uri(register.urn(app.id))
    return Holder(school.name, app.name[:64], institution=School.of(school), names=(name,), app=app.id)


def app_id_of(certificate: Certificate) -> str | None:
    """The app that a certificate of the profile ``app`` was issued to; ``None`` for every other."""
    names = certificate.extensions.get(SubjectAltName)
    found = [str(one.value) for one in names.names if one.kind == URI] if names is not None else []
    return found[0].removeprefix(register.URN) if len(found) == 1 and found[0].startswith(register.URN) else None


_SCHOOL = Institution.__table__.c
_LOOKING = Prepared(
    select(_SCHOOL.code, _SCHOOL.name, _SCHOOL.credit_code, _SCHOOL.status).where(_SCHOOL.code == bindparam("wanted"))
)


def institution_itself(session: Session, code: str, common_name: str) -> Holder:
    """Something of an institution: an app, a device, its authority. Raises as :func:`active_institution`."""
    row = _LOOKING.first(session, wanted=code)
    if row is None:
        raise NoSuchInstitution(value=code[:32])
    if row[3] != InstitutionStatus.ACTIVE:
        raise HolderNotFitting(reason=N_("the institution is not active"))
    school = School(*row[:3])
    return Holder(school.name, common_name or school.name, institution=school)


def active_institution(session: Session, code: str) -> Institution:
    """The institution. Raises :class:`HolderNotFitting` for one that is closed, ``NoSuchInstitution``."""
    school = institutions.by_code(session, code)
    if school.status != InstitutionStatus.ACTIVE:
        raise HolderNotFitting(reason=N_("the institution is not active"))
    return school


def subject(profile: Profile, holder: Holder) -> Name:
    """The name. Raises :class:`HolderNotFitting` where a place of the profile cannot be filled, ``InvalidName``."""
    places = {
        "organisation": holder.organisation,
        "common_name": holder.common_name,
        "person": holder.person.name if holder.person is not None else "",
        "number": holder.person.number if holder.person is not None else "",
        "institution": holder.institution.code if holder.institution is not None else "",
        "app": holder.app or "",
    }
    attributes = []
    for template in profile.subject:
        kind, _, text = template.partition("=")
        try:
            value = text.format_map(places)
        except (KeyError, ValueError, IndexError, AttributeError):
            raise HolderNotFitting(reason=N_("the profile names a place that does not exist")) from None
        if not value:
            raise HolderNotFitting(reason=N_("the profile is for another kind of holder"))
        attributes.append((kind, value))
    return Name.of(*attributes)
