"""``yima ca enrol``, ``enrolments`` and ``enrol-stop``: who may ask an authority for certificates over HTTP."""

import gettext

import click

from cli.ca.group import command
from cli.ca.record import office
from cli.frame import changing, confirm, json_option, opened, yes_option
from cli.output import print_json, print_record, print_rows
from idp.certification import authorities
from idp.certification.enrolment import rights
from idp.certification.enrolment.rights import MAX_CERTIFICATES, MAX_DAYS, Wanted

_ = gettext.gettext

TITLES = {
    "handle": _("Enrolment"),
    "authority": _("Authority"),
    "profile": _("Profile"),
    "holder": _("For"),
    "certificates": _("Certificates"),
    "used": _("Used"),
    "ends": _("Ends"),
    "state": _("State"),
}
STATES = {"open": _("open"), "over": _("over"), "stopped": _("stopped")}


@command.command(help=_("Let a person, a server, an app or a device ask for certificates by EST; the secret is shown once."))
@click.argument("authority")
@click.option("--profile", default="client", show_default=True, help=_("The kind of certificate, see /ca/."))
@click.option("--person", help=_("The number of the person it is for."))
@click.option(
    "--host", "hosts", multiple=True, help=_("A host name it is for, within the institution's domains; may be given again.")
)
@click.option("--name", default="", help=_("What it is for: the name of an app or a device."))
@click.option("--school", help=_("The code of the institution; without it, the authority's own."))
@click.option(
    "--certificates",
    type=click.IntRange(1, MAX_CERTIFICATES),
    default=1,
    show_default=True,
    help=_("How many certificates it may lead to."),
)
@click.option("--days", type=click.IntRange(1, MAX_DAYS), default=7, show_default=True, help=_("For how many days it is good."))
@click.option("--approve", "approval", is_flag=True, help=_("Let each request wait until an officer approves it."))
@json_option
def enrol(
    authority: str,
    profile: str,
    person: str | None,
    hosts: tuple[str, ...],
    name: str,
    school: str | None,
    certificates: int,
    days: int,
    approval: bool,
    as_json: bool,
) -> None:
    """Allows it."""
    with changing() as (deployment, tx):
        acting, above = office(deployment), authorities.by_name(tx.session, authority)
        code = school or above.institution
        if code is None:
            raise click.UsageError(_("The authority belongs to no institution: give --school."))
        wanted = Wanted(acting.profiles[profile], code, person, hosts, name, certificates, days, approval)
        made = rights.allow(tx, above, wanted)
        url = f"{deployment.settings.public_url}/.well-known/est/{authority}/simpleenroll"
        ends = made.row.ends_at.isoformat()
    if as_json:
        print_json({"handle": made.row.handle, "secret": made.secret, "url": url, "ends": ends})
        return
    shown = {"handle": made.row.handle, "secret": made.secret, "url": url, "ends": ends}
    titles = {"handle": _("Enrolment"), "secret": _("Secret"), "url": _("Address"), "ends": _("Ends")}
    print_record(shown, titles, as_json=False)
    click.echo()
    click.echo(_("The secret is not shown again. On the machine that will hold the key:"))
    click.echo("  openssl genpkey -algorithm SM2 -out key.pem")
    click.echo(
        "  openssl req -new -key key.pem -subj /CN=me -sm3 -sigopt distid:1234567812345678 -outform DER | base64 > request.b64"
    )
    click.echo(f"  curl -u {made.row.handle}:{made.secret} -H 'Content-Type: application/pkcs10' --data-binary @request.b64 \\")
    click.echo(f"    {url} | base64 -d | openssl pkcs7 -inform DER -print_certs -out certificate.pem")


@command.command(help=_("List who may ask for certificates over HTTP."))
@json_option
def enrolments(as_json: bool) -> None:
    """Lists them."""
    with opened() as deployment, deployment.reading() as session:
        now, rows = deployment.clock.now(), []
        for row, name in rights.listed(session):
            state = "stopped" if row.stopped_at else "over" if row.ends_at <= now else "open"
            rows.append(
                {
                    "handle": row.handle,
                    "authority": name,
                    "profile": row.profile,
                    "holder": row.common_name or ", ".join(row.names) or row.institution,
                    "certificates": row.allowed,
                    "used": row.used,
                    "ends": row.ends_at.isoformat(timespec="minutes"),
                    "state": state if as_json else STATES[state],
                }
            )
    print_rows(rows, TITLES, as_json=as_json)


@command.command(name="enrol-stop", help=_("Stop an enrolment. The certificates that it led to stay good."))
@click.argument("handle")
@yes_option
@json_option
def enrol_stop(handle: str, yes: bool, as_json: bool) -> None:
    """Stops it."""
    confirm(_("Nobody can ask with %(handle)s any more. Go on?") % {"handle": handle}, yes)
    with changing() as (_deployment, tx):
        row = rights.stop(tx, handle)
        shown = {"handle": row.handle, "used": row.used, "state": "stopped" if as_json else STATES["stopped"]}
    print_record(shown, {key: TITLES[key] for key in shown}, as_json=as_json)
