"""Pages and redirects of the CAS server: what goes through a person's browser."""

from idp.sso.cas.routes.login import make_blueprint as make_login
from idp.sso.cas.routes.logout import make_blueprint as make_logout

__all__ = ["make_login", "make_logout"]
