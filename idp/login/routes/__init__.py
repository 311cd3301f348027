"""Pages of the sign-in and of self-service: HTTP in and out, nothing else."""

from idp.login.routes.account import blueprint as account
from idp.login.routes.activation import blueprint as activation
from idp.login.routes.certificates import blueprint as certificates
from idp.login.routes.factors import blueprint as factors
from idp.login.routes.new_password import blueprint as new_password
from idp.login.routes.own_address import blueprint as own_address
from idp.login.routes.passkeys import blueprint as passkeys
from idp.login.routes.safety import blueprint as safety
from idp.login.routes.second_step import blueprint as second_step
from idp.login.routes.sign_in import blueprint as sign_in
from idp.login.routes.sign_out import blueprint as sign_out

BLUEPRINTS = (
    sign_in,
    second_step,
    new_password,
    activation,
    sign_out,
    account,
    safety,
    own_address,
    factors,
    passkeys,
    certificates,
)
