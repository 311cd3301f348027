"""``yima sms``: text messages."""

import gettext
import sys
from datetime import timedelta

import click
from sqlalchemy import func, select

from cli.frame import changing, json_option, locale, opened
from cli.output import print_json, print_record, print_rows
from idp.audit import Action
from idp.deployment import Deployment
from idp.outgoing import Outgoing
from idp.registry import contacts
from idp.sms import delivery, limits, queue
from idp.sms.errors import NotAvailable, SendError
from idp.sms.limits import Limits
from idp.sms.provider import TextMessage
from idp.sms.providers import build
from idp.sms.queue import Asker
from idp.sms.reports import ReportBook
from idp.sms.tables import SmsDay, SmsMessage, SmsProvider
from idp.sms.templates import Purpose, Wording

_ = gettext.gettext


@click.group(name="sms", help=_("Text messages: try the providers, see how they are doing."))
def command() -> None:
    """The group."""


@command.command(help=_("Send a test message to NUMBER now, through the providers in their order."))
@click.argument("number")
@json_option
def test(number: str, as_json: bool) -> None:
    """Sends."""
    phone = contacts.phone(number)
    with changing() as (deployment, tx):
        here, vault = deployment.settings, deployment.ring.vault
        if not here.sms_provider_list:
            raise NotAvailable
        wording = Wording(here.organisation, here.organisation)
        row = queue.write(tx, vault, here, phone, Purpose.TEST, wording, locale=locale(), asker=Asker(None, None))
        reference, masked = row.id, row.phone_masked
        tx.record(Action.SMS_TESTED, subject=f"sms:{reference}")
    with opened() as deployment:
        message = queue.compose(deployment.settings, reference, phone, Purpose.TEST, wording, locale=locale())
        error = _send(deployment, reference, message)
        with deployment.reading() as session:
            row = session.get_one(SmsMessage, reference)
            record = {"number": masked, "state": row.state, "provider": row.provider, "segments": row.segments}
            record |= {"cost_fen": row.cost_fen, "error": error}
    titles = {"number": _("Number"), "state": _("State"), "provider": _("Provider"), "segments": _("Segments")}
    print_record(record, titles | {"cost_fen": _("Cost (fen)"), "error": _("Error")}, as_json=as_json)
    sys.exit(1 if error else 0)


def _send(deployment: Deployment, reference: int, message: TextMessage) -> str | None:
    outgoing = Outgoing(deployment.settings)
    providers = build(deployment, outgoing, ReportBook(deployment))
    try:
        taken = delivery.take(deployment, [reference])
        results = delivery.hand_over(deployment, providers, [message] if taken else [])
        error = results.get(reference)
        if isinstance(error, SendError):  # a test is not tried again
            delivery.finish(deployment, reference, error)
            return f"{error.code} {error.detail or ''}".strip()
        delivery.settle(deployment, results)
    finally:
        for provider in providers:
            provider.close()
        outgoing.close()
    return None


@command.command(help=_("Providers and their last errors, messages of the last day, and the budget."))
@json_option
def status(as_json: bool) -> None:
    """Shows."""
    with opened() as deployment, deployment.reading() as session:
        now, here = deployment.clock.now(), deployment.settings
        rows = {row.name: row for row in session.scalars(select(SmsProvider))}
        providers = [_provider(name, rows.get(name)) for name in here.sms_provider_list]
        recent = select(SmsMessage.state, func.count(), func.sum(SmsMessage.cost_fen))
        counted = session.execute(recent.where(SmsMessage.created_at > now - timedelta(days=1)).group_by(SmsMessage.state)).all()
        today = session.get(SmsDay, limits.day_of(now))
        sent, answered = (today.sent, today.answered) if today else (0, 0)
        budget = {
            "sent": sent,
            "answered": answered,
            "budget": limits.budget(session, Limits.of(here), now),
            "mode": here.sms_limits,
        }
    states = [{"state": state, "messages": count, "cost_fen": int(cost or 0)} for state, count, cost in counted]
    if as_json:
        print_json({"providers": providers, "last_day": states, "today": budget})
        return
    columns = {"provider": _("Provider"), "sent_at": _("Last sent"), "failed_at": _("Last failed"), "error": _("Error")}
    print_rows(providers, columns | {"rests_until": _("Rests until")}, as_json=False)
    print_rows(states, {"state": _("State"), "messages": _("Messages"), "cost_fen": _("Cost (fen)")}, as_json=False)
    titles = {"sent": _("Codes sent today"), "answered": _("Codes answered today")}
    print_record(budget, titles | {"budget": _("Budget of unanswered codes"), "mode": _("Limits")}, as_json=False)


def _provider(name: str, row: SmsProvider | None) -> dict[str, object]:
    record: dict[str, object] = {"provider": name}
    for column in ("sent_at", "failed_at", "rests_until"):
        moment = getattr(row, column, None)
        record[column] = moment.isoformat(timespec="seconds") if moment else None
    return record | {"error": row.error if row else None, "failures": row.failures if row else 0}
