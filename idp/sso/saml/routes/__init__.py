"""Addresses of the identity provider: what goes through a person's browser, and two for programs: metadata and SOAP."""

from idp.sso.saml.routes.logout import blueprint as logout
from idp.sso.saml.routes.metadata import blueprint as metadata
from idp.sso.saml.routes.sign_in import blueprint as sign_in

BLUEPRINTS = (sign_in, logout, metadata)

__all__ = ["BLUEPRINTS"]
