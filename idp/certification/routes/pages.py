"""``/ca/``: which authorities there are, by what they can be known, under which rules they certify."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from idp.certification import authorities
from idp.certification.errors import NoList
from idp.certification.office import office_of
from idp.certification.status import hosting, lists
from idp.certification.tables import HostedList, PublishedList
from idp.crypto.der import oids
from idp.crypto.x509.certificate import Certificate
from idp.web.context import deployment

blueprint = Blueprint("certification", __name__, template_folder="../templates")


@blueprint.get("/ca/")
def show() -> str:
    """The page that certificates name as their practice statement."""
    here = deployment()
    office = office_of(here.settings, here.ring.authority_vault)
    with here.reading() as session:
        rows = _shown(session)
    kinds = [office.profiles[name] for name in office.profiles.names()]
    return render_template("certification/authorities.html", authorities=rows, profiles=kinds)


@dataclass(frozen=True)
class _Shown:
    """An authority as the page shows it; ``revoked`` is how many its newest list names, where there is one."""

    name: str
    organisation: str
    certificate: Certificate
    revoked: int | None


def _shown(session: Session) -> list[_Shown]:
    shown = []
    for row in hosting.listed(session):
        certificate = hosting.chain_of(row)[0]
        organisation = certificate.subject.get(oids.ORGANIZATION) or row.name
        shown.append(_Shown(row.name, organisation, certificate, _entries(hosting.newest, session, row.name)))
    for own in authorities.listed(session):
        if own.chain:
            certificate = authorities.certificate_of(own)
            shown.append(_Shown(own.name, own.organisation, certificate, _entries(lists.newest, session, own)))
    return shown


def _entries(newest: "Callable[..., HostedList | PublishedList]", session: Session, *of: object) -> int | None:
    try:
        return newest(session, *of).entries
    except NoList:
        return None
