"""Deciding: approving an app and its data, suspending, retiring it, a new secret, other metadata."""

import gettext
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click

from cli.app.group import command
from cli.app.register import read_metadata
from cli.frame import changing, confirm, json_option, opened, operator, yes_option
from cli.output import print_json
from idp.apps import register
from idp.apps.errors import NoSuchApp
from idp.oidc import families
from idp.oidc.clients import initial_access, registration
from idp.oidc.clients.metadata import ClientMetadata
from idp.oidc.clients.remote import check_sector_identifier
from idp.oidc.tables import OidcClient
from idp.outgoing import Outgoing
from idp.release.scopes import DEFAULT, OWN, SCOPES

_ = gettext.gettext


@command.command(help=_("Let people sign in to an app, and say which data it may receive."))
@click.argument("client_id")
@click.option(
    "--scope", "scopes", type=click.Choice([*SCOPES, *OWN]), multiple=True, help=_("Without it the app keeps what it has.")
)
def approve(client_id: str, scopes: tuple[str, ...]) -> None:
    """Approves."""
    with changing() as (_deployment, tx):
        app = register.approve(tx, client_id, {"openid", *scopes} if scopes else None)
        click.echo(_("%(name)s is approved for: %(scopes)s") % {"name": app.name, "scopes": " ".join(app.scopes)})


@command.command(help=_("Switch an app off for a while. Nobody can sign in to it until it is approved again."))
@click.argument("client_id")
@yes_option
def suspend(client_id: str, yes: bool) -> None:
    """Suspends."""
    confirm(_("Switch %(app)s off?") % {"app": client_id}, yes)
    with changing() as (_deployment, tx):
        app = register.suspend(tx, client_id)
        click.echo(_("%(name)s is switched off.") % {"name": app.name})


@command.command(help=_("End an app for good, with every token it has."))
@click.argument("client_id")
@yes_option
def retire(client_id: str, yes: bool) -> None:
    """Retires."""
    confirm(_("End %(app)s for good?") % {"app": client_id}, yes)
    with changing() as (_deployment, tx):
        app = register.retire(tx, client_id)
        families.revoke_all_of_app(tx, client_id)
        click.echo(_("%(name)s is retired.") % {"name": app.name})


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


@command.command(help=_("Put other client metadata (RFC 7591, a JSON file) in the place of what is registered."))
@click.argument("client_id")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def change(client_id: str, file: Path) -> None:
    """Changes."""
    metadata = ClientMetadata.from_json(read_metadata(file))
    with opened() as deployment:
        sector = None
        if metadata.sector_identifier_uri is not None:
            check_sector_identifier(Outgoing(deployment.settings), metadata.sector_identifier_uri, metadata.redirect_uris)
            sector = urlsplit(metadata.sector_identifier_uri).hostname
        with deployment.transaction(operator()) as tx:
            client = tx.session.get(OidcClient, client_id)
            if client is None:
                raise NoSuchApp(app=client_id[:32])
            secret = registration.replace(tx, client, metadata, sector, deployment.settings)
    click.echo(secret or client_id)


@command.command("allow-registration", help=_("Make a token with which apps of an institution can be registered over the network."))
@click.argument("owner")
@click.option("--scope", "scopes", type=click.Choice(list(SCOPES)), multiple=True, default=DEFAULT, show_default=True)
@click.option("--uses", type=click.IntRange(1, 1000), default=1, show_default=True, help=_("For how many apps."))
@click.option("--days", type=click.IntRange(1, 365), default=7, show_default=True, help=_("For how long."))
@json_option
def allow_registration(owner: str, scopes: tuple[str, ...], uses: int, days: int, as_json: bool) -> None:
    """Makes an initial access token."""
    with changing() as (_deployment, tx):
        token = initial_access.issue(tx, owner, scopes, uses=uses, lifetime=timedelta(days=days))
    if as_json:
        print_json({"initial_access_token": token})
    else:
        click.echo(token)
