"""Engines that outlive a test. SQLAlchemy compiles a statement once for each engine: with one of its own, every test compiled all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine


class KeptEngine:
    """An engine that several deployments of a test may stand on at once."""

    def __init__(self, url: URL, options: dict[str, Any]) -> None:
        self.engine = create_engine(url, **options)
        self.users = 0
        self.engine.dispose = self.let_go  # type: ignore[method-assign]

    def let_go(self, close: bool = True) -> None:
        """In the place of ``Engine.dispose``: whoever closes a deployment closes its own, while another may be at work."""
        self.users -= 1
        if self.users <= 0:
            self.disconnect()

    def disconnect(self) -> None:
        """Closes every connection. The engine stays usable."""
        self.users = 0
        Engine.dispose(self.engine)


class KeptEngines:
    """One engine for each address of a database and each set of options."""

    def __init__(self) -> None:
        self._kept: dict[tuple[URL, str], KeptEngine] = {}

    def create_engine(self, url: URL, **options: Any) -> Engine:
        """What the product calls instead of SQLAlchemy's own."""
        key = (url, repr(sorted(options.items())))
        if key not in self._kept:
            self._kept[key] = KeptEngine(url, options)
        self._kept[key].users += 1
        return self._kept[key].engine

    def disconnect(self) -> None:
        """Lets go of every connection, before the database behind them is put back."""
        for one in self._kept.values():
            one.disconnect()


@contextmanager
def kept_engines() -> Iterator[KeptEngines]:
    """Engines are kept while the block runs."""
    engines = KeptEngines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("idp.database.engine.create_engine", engines.create_engine)
        yield engines
    engines.disconnect()
