"""Whose name stands in a certificate: the registry's words in the places of the profile. An applicant's own words do not count."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp.certification.errors import HolderNotFitting
from idp.certification.profiles import Profile
from idp.crypto.x509.general_name import GeneralName
from idp.crypto.x509.name import Name
from idp.i18n import N_
from idp.registry import institutions, persons
from idp.registry.institutions import InstitutionStatus
from idp.registry.persons import PersonStatus
from idp.registry.tables import Affiliation, Institution, Person


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a certificate is about, as the registry has it. ``names`` are the alternative names that it may have."""

    organisation: str
    common_name: str = ""
    person: Person | None = None
    institution: Institution | None = None
    names: tuple[GeneralName, ...] = ()

    @property
    def credit_code(self) -> str | None:
        """The unified social credit code, where the registry has it."""
        return self.institution.credit_code if self.institution is not None else None


def person_at(session: Session, number: str, institution: str, today: object) -> Holder:
    """A person as the member of an institution. Raises :class:`HolderNotFitting` for one disabled, or not there any more."""
    person, school = persons.by_number(session, number), active_institution(session, institution)
    if person.status != PersonStatus.ACTIVE:
        raise HolderNotFitting(reason=N_("the person is disabled"))
    here = select(Affiliation.id).where(
        Affiliation.person_id == person.id,
        Affiliation.institution == school.code,
        Affiliation.begins <= today,
        Affiliation.ends.is_(None) | (Affiliation.ends > today),
    )
    if session.scalar(here.limit(1)) is None:
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
    return Holder(school.name, hosts[0], institution=school, names=tuple(GeneralName.dns(host) for host in hosts))


def issuer_of(session: Session, url: str, institution: str) -> Holder:
    """An issuer of tokens at another installation. Raises :class:`HolderNotFitting` for an address outside of the institution's
    domains.
    """
    host = urlsplit(url).hostname or ""
    holder = host_of(session, (host,) if host else (), institution)
    return replace(holder, common_name=host[:64], names=(GeneralName.uri(url),))


def institution_itself(session: Session, code: str, common_name: str) -> Holder:
    """Something of an institution: an app, a device, its authority."""
    school = active_institution(session, code)
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
