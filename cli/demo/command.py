"""The command."""

import gettext
import importlib.util
from pathlib import Path

import click

from cli.connecting import addresses
from cli.demo import content, memory
from cli.demo.memory import Memory
from cli.demo.processes import DemoError, Processes, check_port_is_free
from cli.frame import yes_option
from cli.output import print_table
from idp.deployment import SYSTEM, Deployment, initialise, open_deployment
from idp.i18n import N_
from idp.settings import Settings, load

_ = gettext.gettext


@click.command(name="demo", help=_("Run the provider with a demo school and two apps. Ctrl-C ends everything; the state stays."))
@click.option("--reset", is_flag=True, help=_("Throw the data folder's database and keys away and start anew."))
@click.option("--code", "who", metavar="NAME", help=_("Print the one-time code that a demo person's phone would show, and end."))
@yes_option
def command(reset: bool, who: str | None, yes: bool) -> None:
    """Makes the demo on the first run, then serves it."""
    settings = load()
    if who is not None:
        _print_code(settings, who)
        return
    if importlib.util.find_spec("examples") is None or importlib.util.find_spec("authlib") is None:
        raise DemoError(N_("The demo apps are not installed here. They come with the source: make run"))
    check_port_is_free(settings.bind_host, settings.bind_port, "YIMA_BIND=localhost:9000")
    for port in settings.demo_ports.split(","):
        check_port_is_free("127.0.0.1", int(port), "YIMA_DEMO_PORTS=9001,9002")
    if reset:
        _reset(settings, yes)
    deployment = initialise(settings, spare_keys=False)
    try:
        remembered = _remember(deployment)
        with Processes() as processes:
            _start(processes, settings, remembered)
            _print_guide(deployment, remembered)
            processes.watch()
    except KeyboardInterrupt:
        click.echo("\n" + _("Ended. The state is kept in %(home)s.") % {"home": settings.home})
    finally:
        deployment.close()


def _reset(settings: Settings, yes: bool) -> None:
    """Only a demo is thrown away: a data folder without demo.json may be somebody's school."""
    if settings.home.exists() and any(settings.home.iterdir()):
        if not (settings.home / "demo.json").is_file() or settings.database_url:
            raise DemoError(N_("%(home)s is not a demo's data folder; it is left alone."), home=str(settings.home))
        if not yes:
            click.confirm(_("Throw the demo in %(home)s away?") % {"home": settings.home}, abort=True, err=True)
        for name in ("yima.db", "yima.db-wal", "yima.db-shm", "master.key", "demo.json"):
            (settings.home / name).unlink(missing_ok=True)


def _remember(deployment: Deployment) -> Memory:
    home = deployment.settings.home
    remembered = memory.load(home)
    with deployment.transaction(SYSTEM) as tx:
        if remembered is None:
            remembered = content.make(deployment, tx)
        content.register_apps(deployment, tx, remembered)
        # Written before the transaction is kept: a demo whose passwords nobody knows would be worse than none.
        memory.save(home, remembered)
    return remembered


def _start(processes: Processes, settings: Settings, remembered: Memory) -> None:
    # The apps that are told of a sign-out are on this machine.
    told_here = {"YIMA_HOME": str(Path(settings.home).absolute()), "YIMA_ALLOW_PRIVATE_FETCHES": "true"}
    processes.start("cli.main", "serve", environment=told_here)
    processes.wait_until_answering(f"{settings.public_url}/.well-known/openid-configuration")
    for app in remembered.apps:
        other = next((row.url for row in remembered.apps if row.key != app.key), "")
        told = {"APP_NAME": app.name, "APP_URL": app.url, "OTHER_APP_URL": other}
        told |= {"ISSUER": settings.public_url, "CLIENT_ID": app.client_id, "CLIENT_SECRET": app.client_secret}
        processes.start("examples.relying_app", environment=told)
    for app in remembered.apps:
        processes.wait_until_answering(app.url)


def _print_guide(deployment: Deployment, remembered: Memory) -> None:
    settings = deployment.settings
    click.echo(_("Yima runs at %(url)s") % {"url": settings.public_url})
    for app in remembered.apps:
        click.echo(f"  {app.name}  {app.url}  {app.story}")
    click.echo("\n" + _("Sign in as:"))
    rows = [
        {
            "name": person.name,
            "number": person.number,
            "secret": person.password or person.activation_code or "-",
            "story": person.story,
        }
        for person in remembered.people
    ]
    columns = {"name": _("Name"), "number": _("Person number"), "secret": _("Password or activation code"), "story": _("About")}
    print_table(rows, columns)
    first, second, base = remembered.apps[0].url, remembered.apps[1].url, settings.public_url
    click.echo("\n" + _("What to click:"))
    steps = (
        _("Open %(url)s and sign in as 陈思远. The one-time code: yima demo --code chen") % {"url": first},
        _("Open %(url)s: signed in without being asked again.") % {"url": second},
        _("Open %(url)s: your apps, and from there your account: what apps receive, where you are signed in, your second factors.")
        % {"url": f"{base}/"},
        _("Open %(url)s: one sign-out, and the page shows that both apps have done it.") % {"url": f"{base}/logout"},
        _("Open %(url)s with the activation code of 李雪梅: the first sign-in of a new teacher.") % {"url": f"{base}/activate"},
    )
    for number, step in enumerate(steps, start=1):
        click.echo(f"  {number}. {step}")
    click.echo("\n" + _("To connect an app of your own, give it the address and register it:"))
    for what, address, registering in addresses(settings):
        click.echo(f"  {what}  {address}  .venv/bin/{registering} …")
    click.echo("\n" + _("Commands beside it, in another terminal: .venv/bin/yima school list, person show, audit verify …"))
    click.echo(_("Ctrl-C ends everything."))


def _print_code(settings: Settings, who: str) -> None:
    remembered = memory.load(settings.home)
    person = remembered.person(who) if remembered else None
    if person is None or not person.totp_secret:
        raise DemoError(N_("The demo has nobody of that name with one-time codes. Try: chen"))
    deployment = open_deployment(settings)
    try:
        click.echo(content.current_code(person, deployment))
    finally:
        deployment.close()
