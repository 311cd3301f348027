"""The apps that answer for resources: which identifiers there are, what types of details they understand, in whose words."""

import threading
import time
from dataclasses import dataclass

from sqlalchemy import select

from idp.apps.register import AppStatus
from idp.apps.tables import App
from idp.database import Database
from idp.oidc.clients.policy import Policy
from idp.oidc.tables import OidcClient


@dataclass(frozen=True)
class _Seen:
    formats: dict[str, str]
    words: dict[str, str]


class ResourceServers:
    """What approved apps with ``resources`` say, read anew every ``seconds``."""

    def __init__(self, database: Database, seconds: int) -> None:
        self._database = database
        self._seconds = max(seconds, 1)
        self._kept: tuple[float, _Seen] | None = None
        self._lock = threading.Lock()

    def resources(self) -> dict[str, str]:
        """The format of access tokens that each resource wants, by its identifier."""
        return self._current().formats

    def types(self) -> dict[str, str]:
        """What each type of authorization details means, in words for people."""
        return self._current().words

    def _current(self) -> _Seen:
        kept = self._kept
        if kept is not None and time.monotonic() - kept[0] < self._seconds:
            return kept[1]
        statement = select(OidcClient.policy).join(App, App.id == OidcClient.app_id)
        with self._database.read() as session:
            policies = [Policy(**row) for row in session.scalars(statement.where(App.status == AppStatus.APPROVED.value))]
        formats: dict[str, str] = {uri: policy.access_token_format for policy in policies for uri in policy.resources}
        words = {name: text for policy in policies for name, text in policy.authorization_types.items()}
        with self._lock:
            self._kept = (time.monotonic(), _Seen(formats, words))
        return self._kept[1]
