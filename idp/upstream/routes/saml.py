"""``/upstream/<name>/metadata``: what an identity provider of SAML needs to know of us."""

from flask import Blueprint, Response

from idp.upstream import providers
from idp.upstream.errors import NoSuchUpstream
from idp.upstream.extension import server
from idp.upstream.saml import own_metadata

blueprint = Blueprint("upstream_saml", __name__, url_prefix="/upstream")


@blueprint.get("/<slug>/metadata")
def metadata(slug: str) -> Response:
    """Our metadata as a service provider, while the provider is one of SAML; switched off too, so that it can be set up first."""
    here = server()
    with here.deployment.reading() as session:
        row = providers.by_slug(session, slug)
    if row.kind != "saml":
        raise NoSuchUpstream
    upstream = providers.open_upstream(here, row)
    document = own_metadata.document(here, upstream, here.deployment.clock.now())
    return Response(document, mimetype="application/samlmetadata+xml")
