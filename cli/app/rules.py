"""What the installation lets an app do and demands of it: the same options when an app is registered, and later."""

import gettext
from collections.abc import Callable
from typing import Any, TypeVar

import click

from cli.app.group import command
from cli.app.record import record
from cli.frame import changing, json_option
from cli.output import print_record
from idp.apps.errors import NoSuchApp
from idp.apps.register import by_id
from idp.oidc.clients import registration
from idp.oidc.clients.metadata import ClientMetadata
from idp.oidc.clients.policy import Policy
from idp.oidc.tables import OidcClient

_ = gettext.gettext

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--access-tokens", "access_token_format", type=click.Choice(["opaque", "jwt"]), help=_("Opaque, unless you say so.")
    ),
    click.option(
        "--acr",
        "required_level",
        type=click.IntRange(1, 4),
        help=_("The level every sign-in must reach; 2 is a second factor."),
    ),
    click.option("--pkce/--without-pkce", "requires_pkce", default=None, help=_("For an old library that does not know PKCE.")),
    click.option(
        "--trusted/--not-trusted",
        default=None,
        help=_("One of the school's own: people are not asked again what it may know."),
    ),
    click.option(
        "--resource-server/--no-resource-server", "introspects", default=None, help=_("May ask about the tokens of other apps.")
    ),
    click.option("--profile", type=click.Choice(["none", "fapi2"]), help=_("Hold it to a security profile: FAPI 2.0.")),
    click.option("--resource", "resources", multiple=True, metavar="URI", help=_("A resource it answers for; may be repeated.")),
    click.option(
        "--details",
        "authorization_types",
        nargs=2,
        multiple=True,
        metavar="TYPE TEXT",
        help=_("A type of authorization details it understands, in words that people read."),
    ),
    click.option("--access", "accesses", multiple=True, metavar="URI", help=_("A resource it may ask tokens for.")),
    click.option(
        "--exchange", "exchanges", multiple=True, metavar="URI", help=_("A resource it may exchange a person's token for.")
    ),
)


def rule_options(function: Command) -> Command:
    """Adds the options to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def said(options: dict[str, Any]) -> dict[str, Any]:
    """The members of a :class:`Policy` that the options name; what is not said is not there. Takes them out of ``options``."""
    found = {name: options.pop(name) for name in Policy.model_fields if name in options}
    found = {name: value for name, value in found.items() if value not in (None, ())}
    if "authorization_types" in found:
        found["authorization_types"] = dict(found["authorization_types"])
    if found.get("profile") == "none":
        found["profile"] = ""
    return found


def with_profile(metadata: dict[str, Any], policy: dict[str, Any]) -> dict[str, Any]:
    """``metadata`` with what the profile demands anyway, so that nobody has to know it by heart (FAPI 2.0 §5.3.2)."""
    if policy.get("profile") != "fapi2":
        return metadata
    demanded = {"require_pushed_authorization_requests": True}
    if not metadata.get("tls_client_certificate_bound_access_tokens"):
        demanded["dpop_bound_access_tokens"] = True
    return metadata | demanded


@command.command("rules", help=_("Change what an app may do here and what is demanded of it; without options, show it."))
@click.argument("client_id")
@rule_options
@json_option
def rules_(client_id: str, as_json: bool, **options: Any) -> None:
    """Changes the rules."""
    changes = said(options)
    with changing() as (deployment, tx):
        client = tx.session.get(OidcClient, client_id)
        if client is None:
            raise NoSuchApp(app=client_id[:32])
        if changes:
            metadata = ClientMetadata.from_json(with_profile(client.client_metadata, changes))
            registration.set_policy(tx, client, Policy.of(**{**client.policy, **changes}), metadata, deployment.settings)
        shown = record(deployment, by_id(tx.session, client_id), client)["policy"]
    print_record(shown, {name: name for name in shown}, as_json=as_json)
