"""Whose password is kept in which directory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from idp.directory.described import Described
from idp.directory.tables import Directory
from idp.keys import Vault
from idp.registry import affiliations, profile
from idp.registry.tables import Affiliation, Institution


@dataclass(frozen=True)
class Kept:
    """A directory that keeps somebody's password, its school's name, where passwords are changed, and the number there."""

    directory: Directory
    school: str
    password_page: str
    local_number: str


def responsible(session: Session, person_id: int, today: date, school: str | None = None) -> Kept | None:
    """The directory that keeps the person's password; ``None`` where it is kept here.

    Administrators' are kept here, whatever else they are. Of several directories it is that of ``school`` (a code: the one that was
    chosen at sign-in), else that of the affiliation begun last: a password is shown to one of them and to no other.
    """
    held = (
        select(Affiliation, Directory, Institution.name)
        .join(Directory, Directory.institution == Affiliation.institution)
        .join(Institution, Institution.code == Affiliation.institution)
        .where(
            Directory.enabled,
            Affiliation.person_id == person_id,
            Affiliation.begins <= today,
            or_(Affiliation.ends.is_(None), Affiliation.ends > today),
        )
        .order_by(Affiliation.begins.desc(), Affiliation.id.desc())
    )
    kept = []
    for affiliation, directory, name in session.execute(held):
        described = Described(**directory.described)
        if affiliation.role in described.roles:
            kept.append(Kept(directory, name, described.password_page, affiliation.local_number or ""))
    if not kept or affiliations.is_administrator(session, person_id, today):
        return None
    return next((one for one in kept if one.directory.institution == school), kept[0])


def of_school(session: Session, school: str) -> Directory | None:
    """A directory of the school, to ask for somebody who does not exist there."""
    return session.scalar(select(Directory).where(Directory.enabled, Directory.institution == school).limit(1))


def values(session: Session, vault: Vault, kept: Kept, person_id: int, today: date) -> Mapping[str, str]:
    """What can stand in the places of the directory's filter or name for this person; empty where the registry has nothing."""
    wanted = Described(**kept.directory.described).wanted
    if wanted == {"number"}:
        return {"number": kept.local_number}
    known = profile.read(session, vault, person_id, today)
    return {"number": kept.local_number, "email": known.email or "", "phone": known.phone or "", "person": known.number}
