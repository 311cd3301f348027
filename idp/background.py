"""What a server does beside answering: the second place where the parts meet."""

from collections.abc import Callable

from idp import housekeeping
from idp.deployment import Deployment
from idp.login.sessions import Ending
from idp.oidc import back_channel, families
from idp.oidc.provider import make_provider
from idp.outbox import worker
from idp.outgoing import Outgoing


def start(deployment: Deployment) -> Callable[[], None]:
    """Starts housekeeping and the outbox in threads of their own; the returned function stops them."""
    outgoing = Outgoing(deployment.settings)
    handlers = {back_channel.KIND: back_channel.sender(make_provider(deployment), outgoing)}
    stops = [housekeeping.start(deployment, endings(deployment)), worker.start(deployment, handlers)]

    def stop() -> None:
        for one in stops:
            one()
        outgoing.close()

    return stop


def endings(deployment: Deployment) -> tuple[Ending, ...]:
    """What belongs to the end of a session that nobody is there to end."""
    return families.end_with_session, back_channel.on_session_end(deployment.ring.vault)
