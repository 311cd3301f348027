"""``yima person``: persons and their numbers."""

import gettext
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from cli.frame import PARTLY_DONE, changing, confirm, json_option, opened, operator, yes_option
from cli.imports import REPORT_OPTION, finish_import
from cli.output import print_json, print_record, print_rows, progress
from idp.audit import Action
from idp.deployment import Deployment
from idp.login import activation
from idp.registry import affiliations, documents, guardianships, masking, merging, persons, profile
from idp.registry.affiliations import Role
from idp.registry.documents import DocumentKind
from idp.registry.guardianships import RELATIONS
from idp.registry.imports.persons import import_persons
from idp.registry.persons import Details
from idp.registry.profile import Profile
from idp.release import report

_ = gettext.gettext

ROLE = click.Choice([role.value for role in Role])
TITLES = {
    "number": _("Person number"),
    "name": _("Name"),
    "phone": _("Telephone"),
    "email": _("E-mail"),
    "birth_date": _("Birthday"),
    "age_band": _("Age band"),
}
AFFILIATION_TITLES = {
    "institution": _("Institution"),
    "name": _("Name"),
    "role": _("Role"),
    "local_number": _("Number there"),
    "since": _("Since"),
}


def _record(seen: Profile, *, reveal: bool) -> dict[str, Any]:
    mask = (lambda _kind, value: value) if reveal else masking.mask
    return {
        "number": seen.number,
        "name": seen.name,
        "phone": mask("phone", seen.phone),
        "email": mask("email", seen.email),
        "birth_date": mask("birth_date", seen.birth_date.isoformat() if seen.birth_date else None),
        "age_band": seen.age_band,
        "affiliations": [
            {
                "institution": view.institution_code,
                "name": view.institution_name,
                "role": view.role,
                "local_number": view.local_number,
                "since": view.since.isoformat(),
            }
            for view in seen.affiliations
        ],
    }


def _show(deployment: Deployment, session: Any, person_id: int, *, as_json: bool, reveal: bool = False) -> None:
    seen = profile.read(session, deployment.ring.vault, person_id, deployment.clock.now().date())
    record = _record(seen, reveal=reveal)
    print_record(record, TITLES, as_json=as_json)
    if not as_json and record["affiliations"]:
        click.echo()
        print_rows(record["affiliations"], AFFILIATION_TITLES, as_json=False)


@click.group(name="person", help=_("Persons and their numbers."))
def command() -> None:
    """The group."""


@command.command(help=_("Register a person by a document the school has seen, or find them again, and add an affiliation."))
@click.argument("name")
@click.option("--document", "number", prompt=_("Document number"), hide_input=True, help=_("Its number; asked for if left out."))
@click.option("--document-kind", type=click.Choice([kind.value for kind in DocumentKind]), default=DocumentKind.CITIZEN.value)
@click.option("--institution", required=True, help=_("The code of the school."))
@click.option("--role", type=ROLE, required=True)
@click.option("--local-number", help=_("The student or staff number there."))
@click.option("--phone")
@click.option("--email")
@click.option("--birth-date", type=click.DateTime(["%Y-%m-%d"]), help=_("Only where the document does not contain it."))
@json_option
def register(
    name: str,
    number: str,
    document_kind: str,
    institution: str,
    role: str,
    local_number: str | None,
    as_json: bool,
    **contact: Any,
) -> None:
    """Registers."""
    document = documents.read(DocumentKind(document_kind), number)
    birth: date | None = contact["birth_date"].date() if contact["birth_date"] else None
    details = Details(name, phone=contact["phone"], email=contact["email"], birth_date=birth)
    with changing() as (deployment, tx):
        found = persons.register(tx, deployment.ring.vault, document, details, verified_by=institution)
        affiliations.add(tx, found.person, institution, Role(role), local_number=local_number)
        if not found.is_new:
            click.echo(_("This person was registered already."), err=True)
        _show(deployment, tx.session, found.person.id, as_json=as_json)


@command.command("import", help=_("Import persons from a CSV file; broken rows go to a report."))
@click.argument("file", type=click.Path(path_type=Path))
@REPORT_OPTION
@json_option
def import_(file: Path, report: Path | None, as_json: bool) -> None:
    """Imports a list."""
    with opened() as deployment, progress(_("Importing")) as advance:
        outcome = import_persons(file, deployment.ring.vault, lambda: deployment.transaction(operator()), advance)
    sys.exit(PARTLY_DONE if finish_import(outcome, file, report, as_json) else 0)


@command.command(help=_("Add an affiliation, or end one with --end."))
@click.argument("number")
@click.argument("institution")
@click.argument("role", type=ROLE)
@click.option("--local-number", help=_("The student or staff number there."))
@click.option("--end", is_flag=True, help=_("End the affiliation today."))
@json_option
def affiliate(number: str, institution: str, role: str, local_number: str | None, end: bool, as_json: bool) -> None:
    """Adds or ends."""
    with changing() as (deployment, tx):
        person = persons.by_number(tx.session, number)
        if end:
            affiliations.end(tx, person, institution, Role(role))
        else:
            affiliations.add(tx, person, institution, Role(role), local_number=local_number)
        _show(deployment, tx.session, person.id, as_json=as_json)


@command.command(help=_("Move a person from one school to another; the person number stays."))
@click.argument("number")
@click.argument("source")
@click.argument("target")
@click.option("--role", type=ROLE, default=Role.STUDENT.value)
@click.option("--local-number", help=_("The number at the new school."))
@json_option
def transfer(number: str, source: str, target: str, role: str, local_number: str | None, as_json: bool) -> None:
    """Transfers."""
    with changing() as (deployment, tx):
        person = persons.by_number(tx.session, number)
        affiliations.transfer(tx, person, Role(role), source=source, target=target, local_number=local_number)
        _show(deployment, tx.session, person.id, as_json=as_json)


@command.command(help=_("Merge two numbers that are one person: NUMBER becomes an alias of INTO."))
@click.argument("number")
@click.argument("into")
@click.option("--reason", required=True)
@yes_option
@json_option
def merge(number: str, into: str, reason: str, yes: bool, as_json: bool) -> None:
    """Merges."""
    confirm(_("Merge %(number)s into %(into)s? This cannot be taken back.") % {"number": number, "into": into}, yes)
    with changing() as (deployment, tx):
        person, survivor = persons.by_number(tx.session, number), persons.by_number(tx.session, into)
        merging.merge(tx, deployment.ring.vault, person, survivor, reason=reason)
        _show(deployment, tx.session, survivor.id, as_json=as_json)


@command.command(help=_("Record who answers for a minor, or end it with --end."))
@click.argument("guardian")
@click.argument("ward")
@click.option("--relation", type=click.Choice(RELATIONS), default="other")
@click.option("--institution", required=True, help=_("The school that has verified it."))
@click.option("--end", is_flag=True)
def guard(guardian: str, ward: str, relation: str, institution: str, end: bool) -> None:
    """Adds or ends a guardianship."""
    with changing() as (deployment, tx):
        one, other = persons.by_number(tx.session, guardian), persons.by_number(tx.session, ward)
        if end:
            guardianships.end(tx, one, other)
        else:
            guardianships.add(tx, deployment.ring.vault, one, other, relation=relation, verified_by=institution)
        click.echo(_("Done."))


@command.command(help=_("Show a person. Contact details are masked; --reveal shows them, and the journal says who looked."))
@click.argument("number")
@click.option("--reveal", is_flag=True)
@json_option
def show(number: str, reveal: bool, as_json: bool) -> None:
    """Shows."""
    with changing() as (deployment, tx):
        person = persons.by_number(tx.session, number)
        if reveal:
            tx.record(Action.PERSON_REVEALED, subject=f"person:{person.number}")
        _show(deployment, tx.session, person.id, as_json=as_json, reveal=reveal)


@command.command("releases", help=_("List what apps were told about a person. That somebody looked stands in the journal."))
@click.argument("number")
@json_option
def releases_(number: str, as_json: bool) -> None:
    """Lists."""
    with changing() as (_deployment, tx):
        person = persons.by_number(tx.session, number)
        rows = [one.to_json() for one in report.of_person(tx.session, person.id)]
        tx.record(Action.RELEASES_READ, subject=f"person:{person.number}", detail={"rows": len(rows)})
    titles = {"day": _("Day"), "app": _("App"), "place": _("Told by"), "claims": _("What"), "count": _("How often")}
    print_rows(rows, titles, as_json=as_json)


@command.command(help=_("Make an activation code to hand to the person, who sets a password with it."))
@click.argument("number")
@json_option
def activate(number: str, as_json: bool) -> None:
    """Makes a code; it is shown once."""
    with changing() as (deployment, tx):
        person = persons.by_number(tx.session, number)
        issued = activation.issue(tx, deployment.ring.vault, person, lifetime=deployment.settings.activation_lifetime)
        address = f"{deployment.settings.public_url}/activate"
    if as_json:
        print_json({"number": person.number, "code": issued.code, "expires_at": issued.expires_at.isoformat(), "url": address})
        return
    click.echo(_("Activation code for %(name)s (%(number)s):") % {"name": person.name, "number": person.number})
    click.echo(f"\n    {issued.code}\n")
    click.echo(
        _("To be used at %(url)s until %(until)s. It is shown this once.")
        % {"url": address, "until": f"{issued.expires_at:%Y-%m-%d}"}
    )
