"""``/saml2/metadata``."""

from flask import Blueprint, Response

from idp.sso.saml import own_metadata
from idp.sso.saml.extension import server
from idp.sso.saml.server import PREFIX

blueprint = Blueprint("saml_metadata", __name__)


@blueprint.get(f"{PREFIX}/metadata")
def show() -> Response:
    """Our metadata, as every app may read it."""
    saml = server()
    with saml.deployment.reading() as session:
        document = own_metadata.document(saml, session, saml.deployment.clock.now())
    # SAML Metadata §4.1.1.
    return Response(document, content_type="application/samlmetadata+xml")
