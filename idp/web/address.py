"""The client's address outside of Flask, by the same trust in proxies as inside."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def address_reader(trusted_proxies: int) -> "Callable[[WSGIEnvironment], str | None]":
    """A function from the request's environment to the address: the one that the outermost trusted proxy saw."""

    def read(environ: "WSGIEnvironment") -> str | None:
        direct: str | None = environ.get("REMOTE_ADDR")
        if not trusted_proxies:
            return direct
        seen = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        return seen[-trusted_proxies][:45] if len(seen) >= trusted_proxies else direct

    return read
