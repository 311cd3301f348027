"""The web application: the one place where the parts meet."""

from pathlib import Path

from flask import Flask

from idp import session_end, web
from idp.certification import install as certification
from idp.certification.presented import app_checker
from idp.deployment import Deployment, open_deployment
from idp.login import extension
from idp.login.routes import BLUEPRINTS
from idp.oidc import install as oidc
from idp.oidc.decoupled import ciba
from idp.oidc.routes.launch import address_of as opened_by_oidc
from idp.phone import install as phone
from idp.portal import install as start_page
from idp.release import install as release
from idp.roster import install as roster
from idp.settings import load
from idp.signing import install as signing
from idp.sso.cas import install as cas
from idp.sso.cas.extension import address_of as opened_by_cas
from idp.sso.saml import install as saml
from idp.sso.saml.extension import address_of as opened_by_saml
from idp.upstream import install as upstream
from idp.web import install as glue

_WEB = Path(web.__file__).parent


def create_app(deployment: Deployment) -> Flask:
    """The application over an opened deployment."""
    app = Flask("yima", static_folder=str(_WEB / "static"), template_folder=str(_WEB / "templates"))
    glue.install(app, deployment)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    oidc.install(app, deployment, app_checker(deployment))
    cas.install(app, deployment)
    saml.install(app, deployment)
    for protocol in session_end.protocols(deployment):
        extension.add_protocol(app, protocol)
    for ending in session_end.endings(deployment):
        extension.on_end(app, ending)
    upstream.install(app, deployment)
    release.install(app)
    phone.install(app, deployment, ciba.page_for(deployment.settings.public_url))
    certification.install(app, deployment)
    signing.install(app, deployment)
    roster.install(app, deployment)
    start_page.install(app, [opened_by_oidc, opened_by_cas, opened_by_saml])
    return app


def create_app_from_environment() -> Flask:
    """What a server process calls: the application that the environment's settings describe."""
    return create_app(open_deployment(load()))
