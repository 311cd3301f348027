"""Asking a directory whether a password is the person's."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from idp.directory import names, states
from idp.directory.connection import Connection
from idp.directory.described import Described
from idp.directory.errors import AccountState, CredentialsRefused, Unavailable, Unreachable
from idp.directory.messages import Code
from idp.directory.reachability import Reachability

MAX_PASSWORD_BYTES = 1024


@dataclass(frozen=True)
class Ready:
    """A directory as it is asked: what is said of it, and the password of the account that searches."""

    described: Described
    account_password: str = field(default="", repr=False)


def check_password(directory: Ready, values: Mapping[str, str], password: str, reachability: Reachability, now: datetime) -> None:
    """Raises unless the password is that of the person whose ``values`` (see :data:`filters.PLACES`) these are.

    :class:`CredentialsRefused` for a wrong password, an empty one, and for nobody; :class:`AccountState` where the directory lets
    the account in by no password; :class:`Unavailable` when no server gives an answer. Without values it asks for somebody who does
    not exist, so that a stranger cannot tell by the time it takes. Slow: call it outside of any transaction.
    """
    # RFC 4513 §5.1.2: a bind with a name and an empty password succeeds at many servers, and proves nothing.
    if not password or len(password.encode("utf-8", "replace")) > MAX_PASSWORD_BYTES:
        raise CredentialsRefused
    said = []
    for server in reachability.worth_asking(directory.described.servers, now):
        try:
            with connect(directory, server) as connection:
                _bind_as(connection, directory, values, password)
        except Unavailable as error:
            said.append(error.detail or server)
            if isinstance(error, Unreachable):
                reachability.failed(server, now)
        except (CredentialsRefused, AccountState):
            reachability.answered(server)
            raise
        else:
            reachability.answered(server)
            return
    raise Unavailable(detail="; ".join(said) or "no server answered a moment ago")


def connect(directory: Ready, server: str) -> Connection:
    """A conversation with one of its servers, not yet begun."""
    described = directory.described
    return Connection(server, authorities=described.authorities or None, seconds=described.seconds, plain=described.plain)


def find(connection: Connection, directory: Ready, values: Mapping[str, str]) -> str | None:
    """The name that this person binds with; ``None`` for nobody, and for more than one. Raises :class:`Unavailable`."""
    described = directory.described
    known = all(values.get(place) for place in described.wanted)
    if described.bind_name:
        return names.filled(described.bind_name, values) if known else None
    if described.account_name:
        result = connection.bind(described.account_name, directory.account_password)
        if result.code != Code.SUCCESS:
            raise Unavailable(detail=f"{connection.server}: the account that searches is refused, result {result.code}")
    asked = values if known else {place: secrets.token_hex(8) for place in described.wanted}
    found = connection.search(described.base, described.parsed_filter, asked)
    # An entry without a name would be an anonymous bind.
    return found[0] if known and len(found) == 1 and found[0] else None


def _bind_as(connection: Connection, directory: Ready, values: Mapping[str, str], password: str) -> None:
    name = find(connection, directory, values)
    if name is None:
        # The same steps as for somebody: a bind by a name that nobody has.
        connection.bind(f"cn={secrets.token_hex(8)},{directory.described.base or 'o=nobody'}", secrets.token_urlsafe())
        raise CredentialsRefused
    result = connection.bind(name, password)
    states.check(result)
    if result.code != Code.SUCCESS:
        raise Unavailable(detail=f"{connection.server}: the bind ended with {result.code}")
