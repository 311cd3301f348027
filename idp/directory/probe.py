"""Trying a directory as a sign-in would, server by server, for whoever sets it up."""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.directory import states
from idp.directory.check import Ready, connect, find
from idp.directory.errors import DirectoryError, Unavailable
from idp.directory.messages import Code


@dataclass(frozen=True)
class Tried:
    """What one server said. ``name`` is the entry that was found, ``error`` a message for people, ``detail`` what the operator
    needs beside it; ``right`` whether the password was, if one was tried.
    """

    server: str
    name: str | None = None
    right: bool | None = None
    error: DirectoryError | None = None
    detail: str = ""

    @property
    def answers(self) -> bool:
        """Whether people could be asked about there."""
        return not isinstance(self.error, Unavailable)


def probe(directory: Ready, server: str, values: Mapping[str, str], password: str = "") -> Tried:
    """Connects, encrypts, binds as the account that searches, looks for the person of ``values``, and binds as that one if there is
    a password. Raises nothing: what went wrong is the answer.
    """
    name: str | None = None
    try:
        with connect(directory, server) as connection:
            name = find(connection, directory, values)
            if not name or not password:
                return Tried(server, name)
            result = connection.bind(name, password)
            states.check(result)
            if result.code != Code.SUCCESS:
                raise Unavailable(detail=f"{server}: the bind ended with {result.code}")
    except DirectoryError as error:
        return Tried(server, name, None if isinstance(error, Unavailable) else False, error, error.detail or "")
    return Tried(server, name, right=True)
