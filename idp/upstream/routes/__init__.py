"""Addresses of the ways in by other providers: HTTP in and out, nothing else."""

from idp.upstream.routes.callback import blueprint as callback
from idp.upstream.routes.linking import blueprint as linking
from idp.upstream.routes.saml import blueprint as saml
from idp.upstream.routes.sign_in import blueprint as sign_in

BLUEPRINTS = (sign_in, callback, linking, saml)
