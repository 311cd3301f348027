"""What a server does beside answering: the second place where the parts meet."""

from collections.abc import Callable

from idp import housekeeping, session_end
from idp.certification import upkeep
from idp.deployment import Deployment
from idp.mail import queue as mail
from idp.mail.smtp import Smtp
from idp.mfa.factors.sms import proven_numbers
from idp.notices import book
from idp.notices import delivery as telling
from idp.oidc.decoupled import ciba
from idp.oidc.logout import back_channel
from idp.oidc.provider import make_provider
from idp.outbox import crew, worker
from idp.signing import upkeep as signing
from idp.sms import delivery, queue, reports
from idp.sms.providers import build
from idp.sms.reports import ReportBook
from idp.sso.cas import logout as cas_logout
from idp.sso.cas.server import make_server
from idp.sso.saml import feed as saml_feed
from idp.sso.saml import logout as saml_logout
from idp.sso.saml import server as saml_server

# Text messages have workers of their own: a code must not wait behind an app that does not answer. Each takes many at a time; while
# one waits for a gateway, another writes down what became of its messages.
SMS_WORKERS = 2


def start(deployment: Deployment) -> Callable[[], None]:
    """Starts housekeeping, outbox, the authorities' upkeep and feeds in threads of their own; the return value stops them."""
    provider = make_provider(deployment)
    cas = make_server(deployment)
    saml = saml_server.make_server(deployment)
    handlers = {
        back_channel.KIND: back_channel.sender(provider),
        ciba.PING: ciba.sender(provider),
        cas_logout.KIND: cas_logout.sender(cas),
        saml_logout.KIND: saml_logout.sender(saml),
    }
    handlers[book.KIND] = telling.teller(deployment, lambda session, who: proven_numbers(session, deployment.ring.vault, who))
    stops = [
        housekeeping.start(deployment, session_end.endings(deployment)),
        crew.start(deployment, handlers),
        upkeep.start(deployment),
        signing.start(deployment),
    ]
    if deployment.settings.mail_server:  # a mail server that is slow holds nobody else up
        letters = {mail.KIND: mail.sender(deployment, Smtp(deployment.settings))}
        stops.append(worker.start(deployment, letters))
    stops.append(saml_feed.start(deployment, saml.outgoing))
    providers = build(deployment, provider.outgoing, ReportBook(deployment))
    if providers:
        sms: dict[str, worker.Handler | worker.Batch] = {
            queue.KIND: delivery.sender(deployment, providers),
            queue.REPORT_KIND: reports.asker(deployment, providers),
        }
        stops += [worker.start(deployment, sms) for _ in range(SMS_WORKERS)]
        stops += [one.close for one in providers]

    def stop() -> None:
        for one in stops:
            one()
        provider.outgoing.close()
        cas.outgoing.close()
        saml.outgoing.close()

    return stop
