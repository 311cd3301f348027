"""``/ca/``: which authorities there are, by what they can be known, under which rules they certify."""

from flask import Blueprint, render_template

from idp.certification import authorities
from idp.certification.errors import NoList
from idp.certification.lists import newest
from idp.certification.office import office_of
from idp.web.context import deployment

blueprint = Blueprint("certification", __name__, template_folder="../templates")


@blueprint.get("/ca/")
def show() -> str:
    """The page that certificates name as their practice statement."""
    here = deployment()
    office = office_of(here.settings, here.ring.vault)
    with here.reading() as session:
        rows = []
        for row in authorities.listed(session):
            if row.chain:
                try:
                    published = newest(session, row)
                except NoList:
                    published = None
                rows.append((row, authorities.certificate_of(row), published))
    kinds = [office.profiles[name] for name in office.profiles.names()]
    return render_template("certification/authorities.html", authorities=rows, profiles=kinds)
