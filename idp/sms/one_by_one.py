"""Many messages for a provider that takes one at a time."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from idp.sms.errors import AccountRefused, Busy, SendError, Unreachable
from idp.sms.provider import Accepted, Provider, TextMessage

AT_ONCE = 4


def send_each(provider: Provider, messages: Sequence[TextMessage], until: float) -> list[Accepted | SendError]:
    """What became of each message, in their order; nothing is begun after ``until`` (monotonic clock).

    As soon as the provider itself fails, it is not asked for the rest of them: they may go elsewhere at once.
    """
    failed = threading.Event()

    def send(message: TextMessage) -> Accepted | SendError:
        if failed.is_set() or time.monotonic() > until:
            return Unreachable(detail="it failed just now" if failed.is_set() else "no time left")
        try:
            return provider.send(message)
        except (Unreachable, Busy, AccountRefused) as error:
            failed.set()
            return error
        except SendError as error:
            return error

    if len(messages) == 1:
        return [send(messages[0])]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"sms-{provider.name}") as senders:
        return list(senders.map(send, messages))
