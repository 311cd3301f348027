"""How a provider is shown, and what its side needs to know."""

import gettext
from typing import Any
from urllib.parse import urlsplit

import click

from cli.output import print_json
from idp.deployment import Deployment
from idp.upstream.oidc.client import PRIVATE_KEY
from idp.upstream.providers import open_upstream
from idp.upstream.server import PREFIX, UpstreamServer, make_server
from idp.upstream.tables import UpstreamProvider

_ = gettext.gettext

TITLES = {
    "slug": _("Name"),
    "kind": _("Protocol"),
    "title": _("Title"),
    "title_en": _("Title in English"),
    "enabled": _("Switched on"),
    "institutions": _("Schools"),
    "links": _("Linked accounts"),
    "redirect_uri": _("Redirect URI"),
    "domain": _("Trusted domain"),
    "jwks_uri": _("Our keys"),
    "metadata": _("Our metadata"),
    "settings": _("Settings"),
    "rules": _("Rules"),
}
LIST_COLUMNS = {key: TITLES[key] for key in ("slug", "kind", "title", "enabled", "institutions", "links")}


def record(server: UpstreamServer, row: UpstreamProvider, links: int) -> dict[str, Any]:
    """Everything that is entered, without the secrets."""
    public = server.deployment.settings.public_url
    has_key = row.kind == "oidc" and PRIVATE_KEY in open_upstream(server, row).secrets
    return {
        "slug": row.slug,
        "kind": row.kind,
        "title": row.title_zh,
        "title_en": row.title_en,
        "enabled": row.enabled,
        "institutions": row.institutions,
        "links": links,
        "redirect_uri": server.redirect_uri(row.slug),
        "domain": urlsplit(public).netloc,
        "jwks_uri": f"{public}{PREFIX}/{row.slug}/jwks" if has_key else None,
        "metadata": f"{public}{PREFIX}/{row.slug}/metadata" if row.kind == "saml" else None,
        "settings": row.settings,
        "rules": row.rules,
    }


def print_pasted(deployment: Deployment, row: UpstreamProvider, *, as_json: bool) -> None:
    """What to paste on the other side."""
    shown = record(make_server(deployment), row, 0)
    if as_json:
        print_json(shown)
        return
    click.echo(_("%(name)s is entered and switched on. Paste this on the other side:") % {"name": row.title_zh} + "\n")
    for key in ("redirect_uri", "domain", "jwks_uri", "metadata"):
        if shown[key]:
            click.echo(f"    {key:<14} {shown[key]}")
    click.echo("\n" + _("Then try it: %(command)s") % {"command": f"yima upstream test {row.slug}"})
