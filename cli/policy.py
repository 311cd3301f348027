"""``yima policy``: what a sign-in has to prove."""

import gettext
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from cli.frame import changing, confirm, json_option, locale, opened, yes_option
from cli.output import print_json, print_record, print_rows
from idp.deployment import Deployment
from idp.i18n import N_
from idp.login.requirement import Requirement, assess
from idp.mfa.factor import Site
from idp.mfa.factors import FACTORS
from idp.mfa.policy import highest_level, kinds_of
from idp.oidc.clients.client import load
from idp.policy import findings, store
from idp.policy.check import scope_of
from idp.policy.demand import concerning
from idp.policy.document import Mode, Policy, Rule, Signal, read
from idp.policy.errors import InvalidPolicy, NoSuchRule
from idp.policy.risk import RISK_RULES
from idp.policy.toml import from_toml, to_toml
from idp.registry import persons
from idp.registry.affiliations import Role

_ = gettext.gettext

RULE_TITLES = {
    "scope": _("For"),
    "level": _("Level"),
    "kinds": _("Factors"),
    "grace_days": _("Days to set up"),
    "mode": _("Mode"),
    "reason": _("Reason"),
}
KINDS = sorted(factor.kind for factor in FACTORS.values() if not factor.last_resort)
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
reason_option = click.option("--reason", default="", help=_("Why; it is kept with the rule and shown by explain."))


def scope_options(function: Any) -> Any:
    """Of whom a rule speaks."""
    for option in (
        click.option("--app", default="", metavar="ID", help=_("This app.")),
        click.option("--role", type=click.Choice([role.value for role in Role]), help=_("Whoever has this role.")),
        click.option("--school", "institution", default="", metavar="CODE", help=_("The people of this institution.")),
        click.option("--province", default="", metavar="NN", help=_("The institutions of this province.")),
    ):
        function = option(function)
    return function


@click.group(name="policy", help=_("What a sign-in has to prove, by institution, role and app, and what is unusual."))
def command() -> None:
    """The group."""


@command.command(help=_("The rules that hold; --toml prints the file that apply reads."))
@click.option("--toml", "as_toml", is_flag=True, help=_("Print the file."))
@click.option("--version", "number", type=int, help=_("An earlier state."))
@json_option
def show(as_toml: bool, number: int | None, as_json: bool) -> None:
    """Shows them."""
    with opened() as deployment, deployment.reading() as session:
        policy = store.version(session, number) if number is not None else store.current(session)
        highest = highest_level(_site(deployment))
    if as_toml:
        click.echo(to_toml(policy), nl=False)
        return
    rows = [_record(rule) for rule in policy.effective(highest)]
    risk = [{"signal": r.signal.value, **policy.look(r.signal).model_dump(mode="json")} for r in RISK_RULES]
    if as_json:
        print_json({"rules": rows, "risk": risk, "places": [place.name for place in policy.places]})
        return
    print_rows(rows, RULE_TITLES, as_json=False)
    click.echo()
    print_rows(risk, {"signal": _("Signal"), "mode": _("Mode"), "level": _("Level"), "roles": _("Roles")}, as_json=False)
    if not policy.places and policy.look(Signal.NEW_PLACE).mode is not Mode.OFF:
        click.echo(_("No place is named: new_place sees nothing until the file has a [[place]]."))


@command.command(name="set", help=_("Add a rule, or change the one for the same people, app and time."))
@scope_options
@click.option("--level", type=click.IntRange(1, 4), default=1, help=_("The level that a sign-in must prove."))
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help=_("A factor that is offered; repeat it."))
@click.option("--grace-days", type=click.IntRange(0, 365), help=_("How long whoever has no such factor may put it off."))
@click.option("--begins", help=_("The first day on which it holds."))
@click.option("--ends", help=_("The first day on which it no longer holds."))
@click.option("--record-only", is_flag=True, help=_("Only write down what it would have demanded; see `yima policy risk`."))
@reason_option
@json_option
def set_(as_json: bool, record_only: bool, kinds: tuple[str, ...], **said: Any) -> None:
    """Sets one rule."""
    mode = Mode.RECORD_ONLY if record_only else Mode.ENFORCE
    (rule,) = read({"rules": [{**said, "kinds": kinds or None, "mode": mode}]}).rules
    with changing() as (deployment, tx):
        tx.serialise()
        policy = store.current(tx.session)
        rules = [*(one for one in policy.rules if one.key != rule.key), rule]
        number = store.apply(tx, _with(policy, rules), kinds_of(_site(deployment)), reason=said["reason"] or None)
    print_record({"version": number, **_record(rule)}, {"version": _("Version"), **RULE_TITLES}, as_json=as_json)


@command.command(help=_("Take the rule for these people, app and time away."))
@scope_options
@click.option("--begins", help=_("The first day on which it holds."))
@reason_option
@yes_option
@json_option
def unset(as_json: bool, yes: bool, reason: str, **said: Any) -> None:
    """Takes one rule away."""
    (wanted,) = read({"rules": [{**said, "level": 2}]}).rules
    confirm(_("Take the rule for %(scope)s away?") % {"scope": _(scope_of(wanted))}, yes)
    with changing() as (deployment, tx):
        tx.serialise()
        policy = store.current(tx.session)
        rules = [one for one in policy.rules if one.key != wanted.key]
        if len(rules) == len(policy.rules):
            raise NoSuchRule(scope=scope_of(wanted))
        number = store.apply(tx, _with(policy, rules), kinds_of(_site(deployment)), reason=reason or None)
    print_record({"version": number, "scope": _(scope_of(wanted))}, {"version": _("Version"), "scope": _("For")}, as_json=as_json)


@command.command(help=_("Make FILE (TOML) the policy. --dry-run checks it and shows what would change."))
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help=_("Change nothing."))
@reason_option
@json_option
def apply(file: Path, dry_run: bool, reason: str, as_json: bool) -> None:
    """Applies a file."""
    try:
        policy = from_toml(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InvalidPolicy(where="file", reason=N_("it is not UTF-8")) from None
    with changing() as (deployment, tx):
        kinds = kinds_of(_site(deployment))
        come, go = store.changed(store.current(tx.session), policy)
        store.check(tx.session, policy, kinds)
        number = None if dry_run else store.apply(tx, policy, kinds, reason=reason or None)
    _say_changes(number, [*(("+", rule) for rule in come), *(("-", rule) for rule in go)], as_json=as_json)


@command.command(help=_("Every state that the policy has had."))
@json_option
def history(as_json: bool) -> None:
    """Lists them."""
    with opened() as deployment, deployment.reading() as session:
        rows = [
            {"version": row.number, "at": row.at.isoformat(timespec="seconds"), "by": row.by, "reason": row.reason}
            for row in store.history(session)
        ]
    print_rows(rows, {"version": _("Version"), "at": _("At"), "by": _("By"), "reason": _("Reason")}, as_json=as_json)


@command.command(help=_("Go back to an earlier state; it becomes a new one, so that nothing is lost."))
@click.argument("number", type=int)
@reason_option
@yes_option
@json_option
def revert(number: int, reason: str, yes: bool, as_json: bool) -> None:
    """Goes back."""
    confirm(_("Go back to version %(number)s?") % {"number": number}, yes)
    with changing() as (deployment, tx):
        tx.serialise()
        before, policy = store.current(tx.session), store.version(tx.session, number)
        made = store.apply(tx, policy, kinds_of(_site(deployment)), reason=reason or None)
    come, go = store.changed(before, policy)
    _say_changes(made, [*(("+", rule) for rule in come), *(("-", rule) for rule in go)], as_json=as_json)


@command.command(help=_("What a person has to prove, at an app if one is named, and which rule says so."))
@click.argument("person")
@click.option("--app", default="", metavar="ID", help=_("This app."))
@json_option
def explain(person: str, app: str, as_json: bool) -> None:
    """Explains."""
    with opened() as deployment, deployment.reading() as session:
        site, now = _site(deployment), deployment.clock.now()
        row = persons.by_number(session, person)
        own = load(session, app).policy.required_level if app else 1
        found = assess(session, site, Requirement(level=own, client_id=app or None), row.id, now)
        rules = concerning(found.rules, found.positions, app, now) + concerning(
            found.rules, found.positions, app, now, Mode.RECORD_ONLY
        )
    rows = [_record(rule) | {"decides": _decides(rule, found.due)} for rule in rules]
    if own > 1:
        why = _("the app's own registration")
        rows.append({"scope": f"app {app}", "level": own, "mode": "enforce", "reason": why, "decides": own >= found.due})
    kinds = sorted(found.holding.counting)
    verdict = {
        "level": found.required,
        "has": found.holding.best,
        "counting": kinds,
        "may_set_up_to": found.offered,
        "coming_level": found.coming.level if found.coming else None,
        "coming_on": found.coming.until.isoformat(timespec="seconds") if found.coming else None,
    }
    if as_json:
        print_json({"person": person, "app": app or None, **verdict, "rules": rows})
        return
    print_rows(rows, RULE_TITLES | {"decides": _("Decides")}, as_json=False)
    click.echo()
    titles = {"level": _("Level needed now"), "has": _("Level that the factors reach"), "counting": _("Factors that count")}
    titles |= {"may_set_up_to": _("Level that can be set up"), "coming_level": _("Level needed later"), "coming_on": _("From")}
    print_record(verdict, titles, as_json=False)


@command.command(help=_("What was unusual at sign-ins, and what enforcing it would have done."))
@click.option("--days", type=click.IntRange(1, 90), default=30, show_default=True, help=_("How far back."))
@json_option
def risk(days: int, as_json: bool) -> None:
    """Sums up."""
    with opened() as deployment, deployment.reading() as session:
        found = findings.summary(session, deployment.clock.now() - timedelta(days=days))
    rows = [
        {
            "signal": one.signal,
            "rule": one.rule or None,
            "mode": one.mode,
            "level": one.level,
            "sign_ins": one.sign_ins,
            "persons": one.persons,
            "unable": one.unable,
        }
        for one in found
    ]
    columns = {"signal": _("Signal"), "rule": _("Rule"), "mode": _("Mode"), "level": _("Level"), "sign_ins": _("Sign-ins")}
    print_rows(rows, columns | {"persons": _("Persons"), "unable": _("Of these without such a factor")}, as_json=as_json)


def _site(deployment: Deployment) -> Site:
    return Site(deployment.ring.vault, deployment.settings, locale())


def _with(policy: Policy, rules: list[Rule]) -> Policy:
    return read({"rules": rules, "risk": policy.risk, "places": policy.places})


def _decides(rule: Rule, due: int) -> bool:
    return rule.mode is Mode.ENFORCE and rule.level > 1 and rule.level == due


def _record(rule: Rule) -> dict[str, Any]:
    kinds = list(rule.kinds) if rule.kinds is not None else None
    grace = rule.grace.days if rule.level > 1 else None
    return {
        "scope": scope_of(rule),
        "level": rule.level,
        "kinds": kinds,
        "grace_days": grace,
        "mode": rule.mode.value,
        "reason": rule.reason or None,
    }


def _say_changes(number: int | None, changes: list[tuple[str, Rule]], *, as_json: bool) -> None:
    rows = [{"change": sign, **_record(rule)} for sign, rule in changes]
    if as_json:
        print_json({"version": number, "changes": rows})
        return
    print_rows(rows, {"change": " ", **RULE_TITLES}, as_json=False)
    click.echo(_("Nothing was changed.") if number is None else _("This is version %(number)s.") % {"number": number})
