"""For a developer's own machine: the message is printed where the server runs."""

import sys
from itertools import count

from idp.settings import Settings, SettingsError
from idp.sms.provider import Accepted, TextMessage


class Console:
    """Prints. Refuses to exist where people come by https, whatever the settings were checked for."""

    name = "console"

    def __init__(self, settings: Settings) -> None:
        """Raises :class:`SettingsError` for an installation that is not a developer's."""
        if settings.secure:
            raise SettingsError(name="sms_providers", reason="console prints codes and is refused where people come by https")
        self._numbers = count(1)

    def send(self, message: TextMessage) -> Accepted:
        """Prints number and text to standard error."""
        print(f"\n[SMS {message.phone}]\n{message.text}\n", file=sys.stderr, flush=True)  # noqa: T201 - what it is for
        return Accepted((f"{message.reference}-{next(self._numbers)}",))

    def close(self) -> None:
        """Nothing to end."""
