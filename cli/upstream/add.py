"""Entering a provider: a command for each protocol."""

import gettext
import json
from pathlib import Path
from typing import Any, TextIO

import click

from cli.frame import changing
from cli.upstream.options import read_secret, secret_option, shared, wanted
from cli.upstream.record import print_pasted
from idp.crypto.jose import generate_signer
from idp.i18n import N_
from idp.upstream import providers
from idp.upstream.errors import InvalidUpstream
from idp.upstream.oauth2 import presets
from idp.upstream.oidc.client import ALGORITHMS, AUTHENTICATIONS, PRIVATE_KEY, SECRET
from idp.upstream.providers import Wanted

_ = gettext.gettext

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(help=_("Enter a provider, and print what to paste on the other side."))
def add() -> None:
    """The group, a command for each protocol."""


@add.command("oidc", help=_("Enter an OpenID Provider by its issuer."))
@click.argument("slug")
@click.argument("issuer")
@click.option("--client-id", required=True, help=_("What we are called there."))
@click.option(
    "--auth", "authentication", type=click.Choice(AUTHENTICATIONS), default=AUTHENTICATIONS[0], help=_("How we prove it.")
)
@click.option("--key", "key_algorithm", type=click.Choice(ALGORITHMS), default="ES256", help=_("Of which kind our key is."))
@click.option("--scope", default="openid profile", show_default=True, help=_("What we ask for."))
@click.option(
    "--algorithm", "algorithms", type=click.Choice(ALGORITHMS), multiple=True, help=_("Accept ID tokens of this one only.")
)
@click.option("--acr-values", default="", help=_("Which levels of its own we ask it for."))
@click.option(
    "--parameter", "parameters", type=(str, str), multiple=True, metavar="NAME VALUE", help=_("Sent along; may be repeated.")
)
@click.option("--userinfo/--no-userinfo", default=True, help=_("Whether UserInfo is asked too."))
@secret_option
@shared
def oidc(
    slug: str,
    issuer: str,
    client_id: str,
    authentication: str,
    key_algorithm: str,
    scope: str,
    algorithms: tuple[str, ...],
    acr_values: str,
    parameters: tuple[tuple[str, str], ...],
    userinfo: bool,
    secret_file: TextIO | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Enters. For ``private_key_jwt`` a key is made here, and never leaves."""
    settings: dict[str, Any] = {
        "issuer": issuer,
        "client_id": client_id,
        "authentication": authentication,
        "scope": scope,
        "userinfo": userinfo,
        "acr_values": acr_values,
        "parameters": dict(parameters),
        "fields": dict(said["fields"]),
    }
    if algorithms:
        settings["algorithms"] = algorithms
    secrets = {SECRET: read_secret(secret_file)} if secret_file is not None else {}
    if authentication == "private_key_jwt":
        secrets = {PRIVATE_KEY: json.dumps(generate_signer(key_algorithm).private_jwk())}
    elif authentication != "none" and not secrets:
        raise InvalidUpstream(field="--secret-file", reason=N_("it is needed"))
    _enter(wanted(slug, "oidc", settings, secrets, said), as_json=as_json)


@add.command("oauth2", help=_("Enter a platform that speaks something like OAuth 2.0, by a description of it."))
@click.argument("slug")
@click.option("--preset", type=click.Choice(presets.names()), help=_("A description that is shipped."))
@click.option("--description", type=FILE, help=_("A description of your own, a TOML file."))
@click.option(
    "--value",
    "values",
    type=(str, str),
    multiple=True,
    metavar="NAME VALUE",
    help=_("What the description leaves open; may be repeated."),
)
@click.option("--private-key-file", type=click.File(), help=_("The RSA key that the platform encrypts for, a PEM file."))
@secret_option
@shared
def oauth2(
    slug: str,
    preset: str | None,
    description: Path | None,
    values: tuple[tuple[str, str], ...],
    private_key_file: TextIO | None,
    secret_file: TextIO | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Enters. The description is kept as it is now: a later version of ours does not change what a school has tried."""
    if (preset is None) == (description is None):
        raise InvalidUpstream(field="--preset, --description", reason=N_("say one of the two"))
    described = presets.preset(preset) if preset is not None else presets.read(description or Path())
    settings = presets.filled(described, dict(values), dict(said["fields"]))
    titles = {"title": said["title"] or described.get("title_zh"), "title_en": said["title_en"] or described.get("title_en", "")}
    secrets = {SECRET: read_secret(secret_file), PRIVATE_KEY: read_secret(private_key_file)}
    for name in described.get("secrets", (SECRET,)):
        if not secrets.get(name):
            raise InvalidUpstream(field=f"--{'secret' if name == SECRET else 'private-key'}-file", reason=N_("it is needed"))
    kept = {name: secret for name, secret in secrets.items() if secret}
    _enter(wanted(slug, "oauth2", settings, kept, said | titles), as_json=as_json)


@add.command("cas", help=_("Enter a CAS server by its address, prefix and all."))
@click.argument("slug")
@click.argument("url")
@click.option("--version", type=click.Choice(["3", "2"]), default="3", show_default=True, help=_("Which version it speaks."))
@shared
def cas(slug: str, url: str, version: str, as_json: bool, **said: Any) -> None:
    """Enters."""
    settings = {"url": url, "version": version, "fields": dict(said["fields"])}
    _enter(wanted(slug, "cas", settings, {}, said), as_json=as_json)


def _enter(one: Wanted, *, as_json: bool) -> None:
    with changing() as (deployment, tx):
        row = providers.add(tx, deployment.ring.vault, one)
        print_pasted(deployment, row, as_json=as_json)
