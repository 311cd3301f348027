"""Pages and redirects of the OpenID Provider: what goes through a person's browser."""

from idp.oidc.routes.approvals import blueprint as approvals
from idp.oidc.routes.authorize import make_blueprint as make_authorize
from idp.oidc.routes.device import blueprint as device
from idp.oidc.routes.launch import blueprint as launch
from idp.oidc.routes.logout import make_blueprint as make_logout
from idp.oidc.routes.session_frame import make_blueprint as make_session_frame

__all__ = ["approvals", "device", "launch", "make_authorize", "make_logout", "make_session_frame"]
