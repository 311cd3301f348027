"""``yima doctor``: what is wrong, and what to do about it."""

import gettext
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

import click
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cli.connecting import addresses
from cli.frame import json_option, locale
from cli.output import print_json, print_rows
from idp.audit import Action, chain
from idp.audit.tables import AuditEvent
from idp.certification import renewals
from idp.certification.status import hosting
from idp.certification.tokens import keys as token_keys
from idp.crypto import engines, selftest
from idp.crypto.x509.certificate import Certificate
from idp.database import Database
from idp.database.migration import is_current
from idp.deployment import Deployment, open_deployment
from idp.directory import probe, registration
from idp.errors import YimaError
from idp.i18n import translate
from idp.keys import chains, inspection, rotation, schedule
from idp.keys.master import change
from idp.keys.sealing import SEALING
from idp.mfa.factor import Site
from idp.mfa.policy import kinds_of
from idp.outbox.tables import Message
from idp.policy import store
from idp.policy.check import check_reachable
from idp.settings import Settings, load

_ = gettext.gettext

GOOD, WARNING, BAD = "ok", "look", "wrong"
LATE = timedelta(days=1)
FORCED_REMEMBERED = timedelta(days=30)
LISTS_WARNED = timedelta(days=30)


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    state: str
    what: str
    advice: str


@click.command(name="doctor", help=_("Check the installation, and say how to mend what is wrong. Exit code 1 if something is."))
@json_option
@click.option("--settings", "show_settings", is_flag=True, help=_("Also list every setting, its value and its meaning."))
def command(as_json: bool, show_settings: bool) -> None:
    """Looks at everything."""
    settings = load()
    findings = list(_examine(settings))
    rows = [{"state": f.state, "what": f.what, "advice": f.advice} for f in findings]
    values = _settings(settings) if show_settings else []
    if as_json:
        print_json({"findings": rows, "settings": values})
    else:
        print_rows(rows, {"state": _("State"), "what": _("What"), "advice": _("Advice")}, as_json=False)
        if values:
            click.echo()
            print_rows(values, {"name": _("Setting"), "value": _("Value"), "meaning": _("Meaning")}, as_json=False)
    sys.exit(1 if any(f.state == BAD for f in findings) else 0)


def _examine(settings: Settings) -> Iterator[Finding]:
    yield from _cryptography(settings)
    yield _guarded(_("The database answers and its tables are up to date"), lambda: _database(settings))
    try:
        deployment = open_deployment(settings)
    except YimaError as error:
        yield Finding(BAD, _("The installation opens"), _text(error))
        return
    try:
        yield _guarded(_("The master key opens the key ring"), lambda: _keys(deployment))
        yield _guarded(_("The journal is whole"), lambda: _journal(deployment))
        yield _guarded(_("The sign-in policy can be met"), lambda: _policy(deployment))
        yield from _devices(deployment)
        yield from _directories(deployment)
        yield from _outbox(deployment)
        yield from _forced_resets(deployment)
        yield from _ageing_keys(deployment)
        yield from _certificates(deployment)
        yield from _hosted_lists(deployment)
    finally:
        deployment.close()
    yield _address(settings)
    for what, address, registering in addresses(settings):
        yield Finding(GOOD, what, _("%(address)s; register one: %(command)s") % {"address": address, "command": registering})


def _guarded(what: str, check: Callable[[], str | None]) -> Finding:
    try:
        advice = check()
    except YimaError as error:
        return Finding(BAD, what, _text(error))
    except SQLAlchemyError as error:
        return Finding(BAD, what, _("The database says: %(text)s") % {"text": str(error.args[0] if error.args else error)[:200]})
    return Finding(BAD if advice else GOOD, what, advice or "")


def _cryptography(settings: Settings) -> Iterator[Finding]:
    what = _("SM2, SM3 and SM4 give the standards' answers")
    try:
        engine = engines.load(settings.sm_engine, settings.libcrypto_path)
        selftest.run(engine)
    except YimaError as error:
        yield Finding(BAD, what, _text(error))
        return
    yield Finding(GOOD, what, _("engine: %(engine)s") % {"engine": engine.name})
    if not engine.constant_time:
        yield Finding(
            WARNING,
            _("Signing takes a time that does not depend on the key"),
            _("Install OpenSSL 3 with SM2, or name Tongsuo's library in YIMA_LIBCRYPTO_PATH: faster too."),
        )


def _database(settings: Settings) -> str | None:
    database = Database(settings.database)
    try:
        return None if is_current(database) else _("Run `yima init`; `yima serve` does it too.")
    finally:
        database.close()


def _keys(deployment: Deployment) -> str | None:
    now = deployment.clock.now()
    for algorithm in rotation.ALGORITHMS:
        deployment.ring.signer(algorithm, now)
    return None


def _ageing_keys(deployment: Deployment) -> Iterator[Finding]:
    now, settings = deployment.clock.now(), deployment.settings
    try:
        rows = deployment.ring.current().rows
    except (YimaError, SQLAlchemyError):  # what is wrong with them stands above
        return
    what = _("Keys change in time")
    for event in _recent(deployment, Action.KEY_REVOKED):
        advice = _("%(operator)s revoked %(subject)s on %(day)s: %(reason)s. Look at what was done with it.")
        values = {"operator": event.actor_id, "subject": event.subject, "day": f"{event.at:%Y-%m-%d}"}
        yield Finding(WARNING, _("No key was in wrong hands"), advice % (values | {"reason": event.detail["reason"]}))
    late = [one for one in schedule.due(rows, settings, now) if one.at < now - LATE]
    if late:
        advice = _("%(keys)s should have been rotated by the server. Is `yima serve` running? By hand: `yima key rotate`.")
        yield Finding(WARNING, what, advice % {"keys": ", ".join(one.what for one in late)})
    if (saml := schedule.old_saml_key(rows, now)) is not None:
        advice = _("The key for SAML is from %(day)s. Plan its change with your apps, then `yima key rotate %(algorithm)s`.")
        yield Finding(WARNING, what, advice % {"day": f"{saml.created_at:%Y-%m-%d}", "algorithm": saml.algorithm})
    if change.put_aside(settings):
        advice = _("When the new one is in a backup and on every server: `yima key master confirm`.")
        yield Finding(WARNING, _("Old master keys are gone"), advice)
    for purpose in SEALING:
        older = [row.kid for row in rows if row.purpose == purpose][:-1]
        if older:
            advice = _("Run `yima key reseal`, then `yima key destroy` for each of: %(keys)s")
            yield Finding(WARNING, _("Old keys that seal are gone"), advice % {"keys": ", ".join(older)})


def _journal(deployment: Deployment) -> str | None:
    with deployment.reading() as session, closing(chain.breaks(session, deployment.ring.current().audit.keys)) as breaks:
        broken = next(breaks, None)
    return _("It breaks at event %(seq)s. Run `yima audit verify`.") % {"seq": broken.seq} if broken else None


def _policy(deployment: Deployment) -> str | None:
    site = Site(deployment.ring.vault, deployment.settings)
    with deployment.reading() as session:
        check_reachable(store.current(session), kinds_of(site))
    return None


def _devices(deployment: Deployment) -> Iterator[Finding]:
    what = _("Keys in devices sign")
    try:
        with deployment.reading() as session:
            used = inspection.in_use(session, deployment.clock.now())
    except SQLAlchemyError:  # what is wrong with the database stands above
        return
    devices = deployment.ring.devices
    for device in inspection.look_at(devices):
        if device.error is not None:
            # With no key in use in it, nobody waits for it.
            needed = any(row.reference.startswith(f"sdf:{device.label}#") for row in used)
            yield Finding(BAD if needed else WARNING, _("Devices answer"), _text(device.error))
    if stuck := inspection.without_successor(deployment.ring.current().rows, used, deployment.clock.now()):
        advice = _("No other key waits to take over from %(key)s. Make one in the device, then run `yima key adopt`.")
        yield Finding(WARNING, _("Keys in devices have a successor"), advice % {"key": stuck.reference})
    for key in inspection.try_keys(devices, used):
        yield Finding(BAD if key.error else GOOD, what, _text(key.error) if key.error else f"{key.reference}: {key.purpose}")


def _directories(deployment: Deployment) -> Iterator[Finding]:
    what = _("Directories of schools answer")
    try:
        with deployment.reading() as session:
            rows = [row for row in registration.listed(session) if row.enabled]
            asked = [(row.id, registration.ready(deployment.ring.vault, row)) for row in rows]
    except SQLAlchemyError:  # what is wrong with the database stands above
        return
    for number, ready in asked:
        silent = [one for server in ready.described.servers if not (one := probe.probe(ready, server, {})).answers]
        for one in silent:
            # One of several that is down keeps nobody out.
            state = BAD if len(silent) == len(ready.described.servers) else WARNING
            advice = _("%(server)s: %(detail)s. Run `yima directory test %(number)s`.")
            yield Finding(state, what, advice % {"server": one.server, "detail": one.detail, "number": number})
        if not silent:
            yield Finding(GOOD, what, ", ".join(ready.described.servers))


def _outbox(deployment: Deployment) -> Iterator[Finding]:
    given_up = select(Message.subject, Message.last_error).where(Message.given_up_at.is_not(None))
    try:
        with deployment.reading() as session:
            rows = session.execute(given_up).all()
    except SQLAlchemyError:  # what is wrong with the database stands above
        return
    for subject, error in rows:
        what = _("Messages to apps arrive")
        yield Finding(WARNING, what, _("%(subject)s was not reached: %(error)s") % {"subject": subject, "error": error})


def _recent(deployment: Deployment, action: Action) -> Sequence[AuditEvent]:
    since = deployment.clock.now() - FORCED_REMEMBERED
    mine = select(AuditEvent).where(AuditEvent.action == action.value, AuditEvent.at > since)
    try:
        with deployment.reading() as session:
            return session.scalars(mine.order_by(AuditEvent.seq)).all()
    except SQLAlchemyError:  # what is wrong with the database stands above
        return ()


def _forced_resets(deployment: Deployment) -> Iterator[Finding]:
    for event in _recent(deployment, Action.RESET_FORCED):
        what = _("Second factors are taken away by two people")
        values = {
            "operator": event.actor_id,
            "subject": event.subject,
            "day": f"{event.at:%Y-%m-%d}",
            "reason": event.detail["reason"],
        }
        yield Finding(WARNING, what, _("%(operator)s did it alone for %(subject)s on %(day)s: %(reason)s") % values)


def _certificates(deployment: Deployment) -> Iterator[Finding]:
    days = max(renewals.REMINDED_BEFORE)
    try:
        with deployment.reading() as session:
            now = deployment.clock.now()
            rows = session.scalars(renewals.expiring(now, days)).all()
            bare = _keys_without_chain(session, deployment, now)
    except SQLAlchemyError:  # what is wrong with the database stands above
        return
    if bare:
        advice = _("%(count)s are not, or end within %(days)s days. Look at `yima ca tokens` and at their authority.")
        yield Finding(WARNING, _("Keys that sign tokens are certified"), advice % {"count": bare, "days": days})
    if rows:
        values = {"count": len(rows), "day": f"{rows[0].not_after:%Y-%m-%d}", "days": days}
        advice = _("%(count)s end within %(days)s days, the first on %(day)s. Run `yima cert list --expiring %(days)s`.")
        yield Finding(WARNING, _("Certificates are renewed in time"), advice % values)


def _hosted_lists(deployment: Deployment) -> Iterator[Finding]:
    now = deployment.clock.now()
    try:
        with deployment.reading() as session:
            rows = hosting.ending(session, now + LISTS_WARNED)
    except SQLAlchemyError:  # what is wrong with the database stands above
        return
    for row in rows:
        values = {"name": row.name, "day": f"{row.next_update:%Y-%m-%d}"}
        advice = _(
            "The list of %(name)s is good until %(day)s. On its machine: `yima crl publish %(name)s --folder DIR`; "
            "here: `yima crl take DIR/*.crl`."
        )
        state = BAD if row.next_update <= now else WARNING
        yield Finding(state, _("Lists of authorities without a network are current"), advice % values)


def _keys_without_chain(session: Session, deployment: Deployment, now: datetime) -> int:
    if token_keys.authority_of(session) is None:
        return 0
    found = [chains.chain_of(key) for key in chains.certifiable(session, now, deployment.settings.longest_token)]
    return sum(1 for one in found if not one or Certificate(one[0]).tbs.not_after - now < token_keys.LEAVES_BEFORE)


def _address(settings: Settings) -> Finding:
    what = _("People reach the pages by https")
    if settings.secure:
        return Finding(GOOD, what, settings.public_url)
    advice = _("%(url)s is for trying out on this machine. For a school, set YIMA_PUBLIC_URL to an https address.")
    return Finding(WARNING, what, advice % {"url": settings.public_url})


def _settings(settings: Settings) -> list[dict[str, str]]:
    return [
        {"name": f"YIMA_{name.upper()}", "value": _shown(settings, name), "meaning": field.description or ""}
        for name, field in Settings.model_fields.items()
    ]


def _shown(settings: Settings, name: str) -> str:
    # What doctor prints is pasted into e-mails: the database's password is not for them.
    if name == "database_url" and settings.database_url:
        return make_url(settings.database_url).render_as_string(hide_password=True)
    return str(getattr(settings, name))


def _text(error: YimaError) -> str:
    params = {key: translate(v, locale()) if isinstance(v, str) else v for key, v in error.params.items()}
    return translate(error.message, locale(), params)
