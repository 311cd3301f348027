"""What an app of each protocol is configured with first, for who looks for it."""

import gettext

from cli.cas import record as cas
from cli.saml import record as saml
from idp.settings import Settings

_ = gettext.gettext


def addresses(settings: Settings) -> list[tuple[str, str, str]]:
    """Of each protocol that is on: its name, the address to paste into the app, and the command that registers one."""
    document = "/.well-known/openid-configuration"
    found = [
        (_("OpenID Connect apps"), f"{settings.public_url}/intl{document}", "yima app register --issuer intl"),
        (_("OpenID Connect apps with SM2/SM3"), f"{settings.public_url}{document}", "yima app register"),
        (_("SAML apps"), saml.endpoints(settings)["metadata"], "yima saml sp add"),
    ]
    if settings.cas_prefix_list:
        found.append((_("CAS apps"), cas.endpoints(settings)["server"], "yima cas service add"))
    return found
