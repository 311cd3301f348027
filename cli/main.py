"""The entry: language first, then the one command that was called."""

import gc
import gettext
import os
import sys
from importlib import import_module

import click

from idp import __version__
from idp.errors import YimaError
from idp.i18n import DEFAULT_LOCALE, DOMAIN, N_, directory, negotiate, translate

# name: (module, short help). The module is imported when the command is called, not for the list.
COMMANDS = {
    "init": ("cli.init", N_("Create the database, the master key and the signing keys.")),
    "serve": ("cli.serve", N_("Run the provider.")),
    "demo": ("cli.demo", N_("Run the provider with a demo school and two apps.")),
    "doctor": ("cli.doctor", N_("Check the installation, and say how to mend what is wrong.")),
    "school": ("cli.school", N_("Institutions and their codes.")),
    "person": ("cli.person", N_("Persons and their numbers.")),
    "roster": ("cli.roster", N_("Rosters: schools keep their people current by SCIM or by lists.")),
    "factor": ("cli.factor", N_("Second factors: list, set up, reset, unlock; hardware tokens.")),
    "policy": ("cli.policy", N_("What a sign-in has to prove, by institution, role and app, and what is unusual.")),
    "app": ("cli.app", N_("Apps that sign people in here.")),
    "portal": ("cli.portal", N_("The start page: how apps are shown there, and notices.")),
    "cas": ("cli.cas", N_("The CAS server: apps that speak CAS.")),
    "upstream": ("cli.upstream", N_("Other providers as a way in: OpenID, WeCom and platforms like it, CAS, SAML.")),
    "saml": ("cli.saml", N_("The SAML identity provider: apps that speak SAML.")),
    "directory": ("cli.directory", N_("Passwords that a school keeps in LDAP or Active Directory.")),
    "key": ("cli.key", N_("The key ring: list, rotate, withdraw, re-seal, destroy.")),
    "sms": ("cli.sms", N_("Text messages: try the providers, see how they are doing.")),
    "ca": ("cli.ca", N_("Certificate authorities: found them, sign and accept their certificates.")),
    "cert": ("cli.cert", N_("Certificates: issue, show, verify, hold, revoke.")),
    "crl": ("cli.crl", N_("Lists of revoked certificates: publish, show.")),
    "ocsp": ("cli.ocsp", N_("The state of single certificates (OCSP).")),
    "timestamp": ("cli.timestamp", N_("Time-stamps of files: ask, verify, show.")),
    "token": ("cli.token", N_("Tokens: verify one of any school, by files.")),
    "signing": ("cli.signing", N_("The signing service: its keys, what apps may do with them, and signing files here.")),
    "audit": ("cli.audit", N_("The journal: read it, and check that it is whole.")),
}


class LazyGroup(click.Group):
    """Loads a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the table: from starting to looking back."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, its module imported now."""
        if cmd_name not in COMMANDS:
            return None
        # What modules leave behind stays until the end: looking for garbage among it takes a fifth of the time, and finds none.
        gc.disable()
        try:
            command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        finally:
            gc.enable()
        gc.freeze()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing them."""
        with formatter.section(gettext.gettext("Commands")):
            formatter.write_dl([(name, gettext.gettext(text)) for name, (_, text) in COMMANDS.items()])


def locale_of(arguments: list[str], environment: dict[str, str]) -> str:
    """The language to speak: ``--lang``, else the first of the usual variables that names one we know, else Chinese."""
    wanted = [arguments[i + 1] for i, word in enumerate(arguments[:-1]) if word == "--lang"]
    wanted += [word.partition("=")[2] for word in arguments if word.startswith("--lang=")]
    variables = (environment.get(name, "") for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    return negotiate([*wanted, *variables]) or DEFAULT_LOCALE


def main() -> None:
    """Runs one command and ends the process with its exit code."""
    locale = locale_of(sys.argv[1:], dict(os.environ))
    # Click and our own modules look messages up by gettext's global functions: both speak from one catalogue.
    os.environ["LANGUAGE"] = locale
    gettext.bindtextdomain(DOMAIN, directory())
    gettext.textdomain(DOMAIN)
    try:
        _group()(prog_name="yima")
    except YimaError as error:
        params = {key: translate(v, locale) if isinstance(v, str) else v for key, v in error.params.items()}
        click.echo(translate(error.message, locale, params), err=True)
        sys.exit(1)


def _group() -> click.Group:
    _ = gettext.gettext
    group = LazyGroup(
        "yima",
        help=_("Yima: one school one code, one person one ID, and one sign-in for every app of a school."),
        params=[
            click.Option(["--lang"], type=click.Choice(["zh", "en"]), help=_("The language to answer in."), expose_value=False)
        ],
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    return click.version_option(__version__, prog_name="yima")(group)


if __name__ == "__main__":
    main()
