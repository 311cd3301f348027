"""Entering an app."""

import gettext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from cli.app.group import command
from cli.app.record import record
from cli.app.rules import rule_options, said, with_profile
from cli.frame import json_option, opened, operator
from cli.output import print_json
from idp.apps import register
from idp.apps.errors import InvalidRegistration
from idp.crypto.errors import InvalidEncoding
from idp.crypto.jose.strict_json import read_object
from idp.i18n import N_
from idp.oidc.authorize.response import RESPONSE_TYPES
from idp.oidc.clients import registration
from idp.oidc.clients.metadata import AUTH_METHODS, CIBA, GRANT_TYPES, ClientMetadata
from idp.oidc.clients.policy import Policy
from idp.oidc.clients.registration import Registration
from idp.oidc.clients.remote import check_sector_identifier
from idp.outgoing import Outgoing
from idp.release.scopes import DEFAULT, OWN, SCOPES

_ = gettext.gettext

# Options that are members of the client metadata, by their registered names.
_METADATA = (
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "token_endpoint_auth_method",
    "grant_types",
    "response_types",
    "id_token_signed_response_alg",
    "subject_type",
    "require_pushed_authorization_requests",
    "dpop_bound_access_tokens",
)


def read_metadata(path: Path) -> dict[str, Any]:
    """The JSON object in the file."""
    try:
        return read_object(path.read_bytes())
    except InvalidEncoding:
        raise InvalidRegistration(reason=N_("the file does not hold a JSON object"), field=path.name) from None


@command.command("register", help=_("Register an app, and print what to paste on the other side. The secret is shown once."))
@click.argument("name")
@click.option("--owner", required=True, help=_("The code of the institution whose app it is."))
@click.option("--contact", required=True, help=_("Whom to ask about it: an e-mail address."))
@click.option("--purpose", required=True, help=_("What it is for, in words that people understand."))
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([*SCOPES, *OWN]),
    multiple=True,
    default=DEFAULT,
    show_default=True,
    help=_("The data it may receive; name no more than it needs."),
)
@click.option("--why", nargs=2, multiple=True, metavar="SCOPE TEXT", help=_("What it needs a piece of data for; people read this."))
@click.option("--redirect-uri", "redirect_uris", multiple=True, help=_("Where sign-ins come back to; may be repeated."))
@click.option("--post-logout-redirect-uri", "post_logout_redirect_uris", multiple=True, help=_("Where sign-outs come back to."))
@click.option("--back-channel-logout-uri", "backchannel_logout_uri", help=_("Where we tell the app that a session has ended."))
@click.option(
    "--issuer",
    type=click.Choice(["sm", "intl"]),
    default="sm",
    show_default=True,
    help=_("sm signs with SM2/SM3, intl with RS256 or ES256."),
)
@click.option("--auth", "token_endpoint_auth_method", type=click.Choice(AUTH_METHODS), default=AUTH_METHODS[0], show_default=True)
@click.option("--grant", "grant_types", type=click.Choice(GRANT_TYPES), multiple=True, default=GRANT_TYPES[:2], show_default=True)
@click.option(
    "--response-type",
    "response_types",
    type=click.Choice(RESPONSE_TYPES),
    multiple=True,
    help=_("Implicit and hybrid flows need to be named; without it the code flow."),
)
@click.option(
    "--jwks", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=_("The app's public keys, for private_key_jwt.")
)
@click.option("--id-token-alg", "id_token_signed_response_alg", help=_("Another algorithm than the issuer's first."))
@click.option("--subject-type", type=click.Choice(["pairwise", "public"]), default="pairwise", show_default=True)
@click.option(
    "--metadata",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=_("A JSON file with client metadata (RFC 7591): everything that has no option here."),
)
@click.option(
    "--require-par",
    "require_pushed_authorization_requests",
    is_flag=True,
    help=_("Only requests that the app has handed over itself (PAR)."),
)
@click.option(
    "--require-dpop", "dpop_bound_access_tokens", is_flag=True, help=_("Only tokens that are bound to a key of the app (DPoP).")
)
@rule_options
@json_option
def register_(
    name: str,
    owner: str,
    contact: str,
    purpose: str,
    scopes: tuple[str, ...],
    why: tuple[tuple[str, str], ...],
    as_json: bool,
    **rest: Any,
) -> None:
    """Registers."""
    particulars = register.Particulars(name, owner, contact, purpose, {"openid", *scopes}, reasons=dict(why))
    policy = said(rest)
    metadata = ClientMetadata.from_json(with_profile(_metadata(rest), policy))
    with opened() as deployment:
        sector = None
        if metadata.sector_identifier_uri is not None:
            check_sector_identifier(Outgoing(deployment.settings), metadata.sector_identifier_uri, metadata.redirect_uris)
            sector = urlsplit(metadata.sector_identifier_uri).hostname
        wanted = Registration(particulars, metadata, Policy.of(**policy), rest["issuer"], sector)
        with deployment.transaction(operator()) as tx:
            made = registration.add(tx, wanted, deployment.settings)
            shown = record(deployment, made.app, made.client)
    if as_json:
        print_json({**shown, "client_secret": made.secret})
    else:
        _print_pasted(shown, made.secret)


def _metadata(options: dict[str, Any]) -> dict[str, Any]:
    given = {key: options[key] for key in _METADATA if options[key] not in (None, ())}
    if options["jwks"]:
        given["jwks"] = read_metadata(options["jwks"])
    if options["metadata"]:
        given |= read_metadata(options["metadata"])
    if CIBA in given.get("grant_types", ()):
        # CIBA Core §4 leaves the mode to the app; asking again needs nothing of it.
        given.setdefault("backchannel_token_delivery_mode", "poll")
    return given


def _print_pasted(shown: dict[str, Any], secret: str | None) -> None:
    click.echo(_("%(name)s is registered. Paste this into the app:") % {"name": shown["name"]} + "\n")
    pasted = {"discovery": shown["discovery"], "client_id": shown["client_id"], "client_secret": secret}
    pasted |= {"redirect_uri": " ".join(shown["metadata"]["redirect_uris"])}
    pasted |= {"scope": " ".join(name for name in (*SCOPES, *OWN) if name in shown["scopes"]), "code_challenge_method": "S256"}
    for key, value in pasted.items():
        if value:
            click.echo(f"    {key:<22} {value}")
    if secret:
        click.echo(
            "\n" + _("The secret is shown this once. If it is lost: yima app rotate-secret %(app)s") % {"app": shown["client_id"]}
        )
