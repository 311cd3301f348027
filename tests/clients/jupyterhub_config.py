"""JupyterHub with oauthenticator's generic OAuth against the international issuer, as its documentation has it."""

import os

c = get_config()  # noqa: F821 - JupyterHub gives it to its configuration

c.JupyterHub.bind_url = os.environ["HUB_URL"]
c.JupyterHub.hub_port = int(os.environ["HUB_PORT"])
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{os.environ['PROXY_PORT']}"
c.ConfigurableHTTPProxy.command = [os.environ["NODE"], os.environ["PROXY_PROGRAM"]]
c.JupyterHub.db_url = "sqlite:///:memory:"
c.JupyterHub.cookie_secret_file = os.environ["COOKIE_SECRET_FILE"]
c.JupyterHub.redirect_to_server = False  # the sign-in is what is tested, not the notebook behind it

c.JupyterHub.authenticator_class = "generic-oauth"
issuer = os.environ["ISSUER"]
c.GenericOAuthenticator.client_id = os.environ["CLIENT_ID"]
c.GenericOAuthenticator.client_secret = os.environ["CLIENT_SECRET"]
c.GenericOAuthenticator.authorize_url = f"{issuer}/oauth/authorize"
c.GenericOAuthenticator.token_url = f"{issuer}/oauth/token"
c.GenericOAuthenticator.userdata_url = f"{issuer}/oauth/userinfo"
c.GenericOAuthenticator.oauth_callback_url = f"{os.environ['HUB_URL']}/hub/oauth_callback"
c.GenericOAuthenticator.scope = ["openid", "profile", "school"]
c.GenericOAuthenticator.username_claim = "name"
c.GenericOAuthenticator.login_service = "一码"
c.GenericOAuthenticator.allow_all = True
