"""Pages of the sign-in and of self-service: HTTP in and out, nothing else."""

from idp.login.routes.account import blueprint as account
from idp.login.routes.activation import blueprint as activation
from idp.login.routes.sign_in import blueprint as sign_in
from idp.login.routes.sign_out import blueprint as sign_out

BLUEPRINTS = (sign_in, activation, sign_out, account)
