"""``yima app``: apps that sign people in here."""

import gettext
from pathlib import Path
from typing import Any

import click

from cli.frame import changing, confirm, json_option, opened, yes_option
from cli.output import print_json, print_record, print_rows
from idp.apps import register
from idp.apps.errors import InvalidRegistration
from idp.apps.tables import App
from idp.crypto.errors import InvalidEncoding
from idp.crypto.jose.strict_json import read_object
from idp.deployment import Deployment
from idp.i18n import N_
from idp.oidc import registration
from idp.oidc.authorize.response import RESPONSE_TYPES
from idp.oidc.issuer import issuers
from idp.oidc.registration import AUTH_METHODS, GRANT_TYPES, Registration
from idp.oidc.scopes import DEFAULT, SCOPES
from idp.oidc.tables import OidcClient

_ = gettext.gettext

TITLES = {
    "client_id": _("Client id"),
    "name": _("Name"),
    "owner": _("Owner"),
    "contact": _("Contact"),
    "purpose": _("Purpose"),
    "status": _("Status"),
    "scopes": _("Data it may receive"),
    "issuer": _("Issuer"),
    "discovery": _("Discovery address"),
    "auth_method": _("Authentication"),
    "redirect_uris": _("Redirect URIs"),
    "post_logout_redirect_uris": _("After sign-out"),
    "back_channel_logout_uri": _("Told of sign-outs at"),
    "grant_types": _("Grants"),
    "response_types": _("Response types"),
    "id_token_alg": _("Signed with"),
    "access_token_format": _("Access tokens"),
    "required_level": _("Required level"),
}
LIST_COLUMNS = {key: TITLES[key] for key in ("client_id", "name", "owner", "status", "issuer")}


def _record(deployment: Deployment, app: App, client: OidcClient) -> dict[str, Any]:
    issuer = issuers(deployment.settings)[client.issuer]
    record: dict[str, Any] = {"client_id": app.id, "issuer": issuer.url}
    record["discovery"] = f"{issuer.url}/.well-known/openid-configuration"
    for source, names in (
        (app, ("name", "owner", "contact", "purpose", "status", "scopes")),
        (client, ("auth_method", "redirect_uris", "post_logout_redirect_uris", "grant_types", "response_types")),
        (client, ("back_channel_logout_uri",)),
        (client, ("id_token_alg", "access_token_format", "required_level")),
    ):
        record |= {name: getattr(source, name) for name in names}
    return record


def _read_jwks(path: Path) -> dict[str, Any]:
    try:
        return read_object(path.read_bytes())
    except InvalidEncoding:
        raise InvalidRegistration(reason=N_("the key set holds no usable public key")) from None


@click.group(name="app", help=_("Apps that sign people in here."))
def command() -> None:
    """The group."""


@command.command("register", help=_("Register an app, and print what to paste on the other side. The secret is shown once."))
@click.argument("name")
@click.option("--owner", required=True, help=_("The code of the institution whose app it is."))
@click.option("--contact", required=True, help=_("Whom to ask about it: an e-mail address."))
@click.option("--purpose", required=True, help=_("What it is for, in words that people understand."))
@click.option("--redirect-uri", "redirect_uris", multiple=True, help=_("Where sign-ins come back to; may be repeated."))
@click.option("--post-logout-redirect-uri", "post_logout_redirect_uris", multiple=True, help=_("Where sign-outs come back to."))
@click.option("--back-channel-logout-uri", help=_("Where we tell the app, from server to server, that a session has ended."))
@click.option(
    "--issuer",
    type=click.Choice(["sm", "intl"]),
    default="sm",
    show_default=True,
    help=_("sm signs with SM2/SM3, intl with RS256 or ES256."),
)
@click.option("--auth", "auth_method", type=click.Choice(AUTH_METHODS), default=AUTH_METHODS[0], show_default=True)
@click.option("--grant", "grant_types", type=click.Choice(GRANT_TYPES), multiple=True, default=GRANT_TYPES[:2], show_default=True)
@click.option(
    "--response-type",
    "response_types",
    type=click.Choice(RESPONSE_TYPES),
    multiple=True,
    default=None,
    help=_("Implicit and hybrid flows need to be named; without it the code flow."),
)
@click.option(
    "--jwks", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=_("The app's public keys, for private_key_jwt.")
)
@click.option("--id-token-alg", help=_("Another algorithm than the issuer's first."))
@click.option("--access-tokens", "access_token_format", type=click.Choice(["opaque", "jwt"]), default="opaque", show_default=True)
@click.option(
    "--acr",
    "required_level",
    type=click.IntRange(1, 4),
    default=1,
    show_default=True,
    help=_("The level every sign-in must reach; 2 is a second factor."),
)
@click.option(
    "--allow-scope",
    "extra",
    type=click.Choice(list(SCOPES)),
    multiple=True,
    help=_("Approve data that not every app may have, such as person_number."),
)
@click.option("--require-par", "requires_pushed", is_flag=True, help=_("Only requests that the app has handed over itself (PAR)."))
@click.option("--require-dpop", "requires_dpop", is_flag=True, help=_("Only tokens that are bound to a key of the app (DPoP)."))
@click.option("--trusted", is_flag=True, help=_("One of the school's own: people are not asked again what it may know."))
@click.option("--resource-server", "introspects", is_flag=True, help=_("May ask about the tokens of other apps."))
@json_option
def register_(
    name: str, owner: str, contact: str, purpose: str, extra: tuple[str, ...], jwks: Path | None, as_json: bool, **rest: Any
) -> None:
    """Registers."""
    particulars = register.Particulars(name, owner, contact, purpose, {*DEFAULT, *extra})
    rest["response_types"] = rest["response_types"] or None
    wanted = Registration(particulars, jwks=_read_jwks(jwks) if jwks else None, **rest)
    with changing() as (deployment, tx):
        made = registration.add(tx, wanted)
        record = _record(deployment, made.app, made.client)
    if as_json:
        print_json({**record, "client_secret": made.secret})
        return
    click.echo(_("%(name)s is registered. Paste this into the app:") % {"name": name} + "\n")
    pasted = {"discovery": record["discovery"], "client_id": record["client_id"], "client_secret": made.secret}
    pasted |= {"redirect_uri": " ".join(record["redirect_uris"]), "scope": "openid profile school", "code_challenge_method": "S256"}
    for key, value in pasted.items():
        if value:
            click.echo(f"    {key:<22} {value}")
    if made.secret:
        click.echo(
            "\n" + _("The secret is shown this once. If it is lost: yima app rotate-secret %(app)s") % {"app": record["client_id"]}
        )


@command.command("list", help=_("List the apps."))
@json_option
def list_(as_json: bool) -> None:
    """Lists."""
    with opened() as deployment, deployment.reading() as session:
        rows = [_record(deployment, app, session.get_one(OidcClient, app.id)) for app in register.listed(session)]
        print_rows(rows, LIST_COLUMNS, as_json=as_json)


@command.command(help=_("Show one app."))
@click.argument("client_id")
@json_option
def show(client_id: str, as_json: bool) -> None:
    """Shows."""
    with opened() as deployment, deployment.reading() as session:
        app = register.by_id(session, client_id)
        print_record(_record(deployment, app, session.get_one(OidcClient, app.id)), TITLES, as_json=as_json)


@command.command("rotate-secret", help=_("Make a new secret. The old one works for a day more, so that the app can change over."))
@click.argument("client_id")
@json_option
def rotate_secret(client_id: str, as_json: bool) -> None:
    """Makes a new secret."""
    with changing() as (_deployment, tx):
        secret = registration.rotate_secret(tx, client_id)
    if as_json:
        print_json({"client_id": client_id, "client_secret": secret})
    else:
        click.echo(secret)


@command.command(help=_("Switch an app off. Nobody can sign in to it any more."))
@click.argument("client_id")
@yes_option
def disable(client_id: str, yes: bool) -> None:
    """Disables."""
    confirm(_("Switch %(app)s off?") % {"app": client_id}, yes)
    with changing() as (_deployment, tx):
        app = register.disable(tx, client_id)
        click.echo(_("%(name)s is switched off.") % {"name": app.name})
